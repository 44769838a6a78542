import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { queuesOf } from '../config/graviton.ts';
import type { QueueArns, QueueName } from '../config/queues.ts';
import { BatchQueue } from '../constructs/batch-queue.ts';
import { InstanceProfile } from '../constructs/instance-profile.ts';
import { JobLaunchTemplate } from '../constructs/job-launch-template.ts';
import { Network } from '../constructs/network.ts';
import type { Repositories } from './storage-stack.ts';

/** Where jobs run: a network that lets nothing in, and queues whose instances exist only while there is work. */
export class ComputeStack extends Stack {
  readonly queueArns: QueueArns;
  readonly network: Network;

  constructor(
    scope: Construct,
    id: string,
    { deployment, repositories }: { deployment: Deployment; repositories: Repositories },
  ) {
    super(scope, id, { description: `Spotforge ${deployment.name}: network, compute environments, job queues` });

    this.network = new Network(this, 'Network', { deployment });
    const { subnets, securityGroupId } = this.network;
    const launchTemplate = new JobLaunchTemplate(this, 'LaunchTemplate', { deployment });
    const { profile: instanceProfile } = new InstanceProfile(this, 'Instances', { deployment, repositories });
    const queueArn = (queue: QueueName): string =>
      new BatchQueue(this, queue, { deployment, queue, subnets, securityGroupId, launchTemplate, instanceProfile }).queueArn;

    this.queueArns = Object.fromEntries(queuesOf(deployment).map((queue) => [queue, queueArn(queue)])) as QueueArns;
    new CfnOutput(this, 'JobQueueArns', { value: Object.values(this.queueArns).join(',') });
  }
}
