import { Stack } from 'aws-cdk-lib';
import { CfnJobQueue } from 'aws-cdk-lib/aws-batch';
import type { IConstruct } from 'constructs';
import { STAGES } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { DeploymentError } from '../config/deployment-error.ts';
import { type MadeQueue, QUEUE_LOCK, queueLockProblems } from '../config/queue-lock.ts';
import { GRAVITON_QUEUE } from '../config/queues.ts';

/** Refuses a change that takes a queue away from its jobs; see lib/config/queue-lock.ts. */
export const assertQueuesKept = (scope: IConstruct, deployment: Deployment, lock = QUEUE_LOCK): void => {
  const problems = queueLockProblems(lock, queuesOf(scope, deployment));
  if (problems.length > 0) throw new DeploymentError(problems);
};

const queuesOf = (scope: IConstruct, { name, profiles }: Deployment): MadeQueue[] =>
  scope.node
    .findAll()
    .filter((construct) => construct instanceof CfnJobQueue)
    .filter(({ jobQueueName }) => jobQueueName !== `${name}-${GRAVITON_QUEUE}`) // comes and goes with its switch
    .map((queue) => {
      const physicalName = queue.jobQueueName ?? '';
      const own = physicalName.slice(name.length + 1);
      return {
        name: `{name}-${own}`,
        logicalId: Stack.of(queue).getLogicalId(queue),
        profiles: Object.entries(profiles)
          .filter(([, ladders]) => STAGES.some((stage) => ladders[stage].some((rung) => rung === own)))
          .map(([profile]) => profile),
      };
    });
