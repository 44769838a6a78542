import { CfnComputeEnvironment, CfnJobQueue, CfnSchedulingPolicy } from 'aws-cdk-lib/aws-batch';
import type { CfnLaunchTemplate, ISubnet } from 'aws-cdk-lib/aws-ec2';
import type { CfnInstanceProfile } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { isGpuQueue, QUEUE_PRICING, type QueueName } from '../config/queues.ts';

export type BatchQueueProps = {
  deployment: Deployment;
  queue: QueueName;
  subnets: readonly ISubnet[];
  securityGroupId: string;
  launchTemplate: CfnLaunchTemplate;
  instanceProfile: CfnInstanceProfile;
};

/** One day of using more than one's share is forgotten within two: long enough to be fair over a working day. */
const SHARE_DECAY_SECONDS = 24 * 3600;

/**
 * Why Batch cancels the job at the head of a queue instead of letting it block the others for ever. The reasons come back in the
 * job's `statusReason`, where `functions/stages/stage-failure.ts` reads them.
 */
export const HEAD_OF_QUEUE_REASONS = [
  'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
  'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
  'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
  'MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED',
] as const;

/** A queue with its one compute environment, which shrinks to nothing when idle, and its fair-share policy between tenants. */
export class BatchQueue extends Construct {
  readonly queueArn: string;

  constructor(scope: Construct, id: string, props: BatchQueueProps) {
    super(scope, id);
    const { deployment, queue } = props;
    const spot = QUEUE_PRICING[queue] === 'spot';
    const { instanceTypes, maxvCpus } = deployment.queues[queue];

    // No name of its own: an environment that has to be replaced could not be created beside the old one.
    const environment = new CfnComputeEnvironment(this, 'Environment', {
      type: 'MANAGED',
      state: 'ENABLED',
      replaceComputeEnvironment: false, // change in place, so that a deploy never takes the queue away from running jobs
      updatePolicy: { terminateJobsOnUpdate: false, jobExecutionTimeoutMinutes: longestAttemptMinutes(deployment) },
      computeResources: {
        type: spot ? 'SPOT' : 'EC2',
        // The one looks for the pool that is least likely to be reclaimed at a good price, the other for the cheapest that is there.
        allocationStrategy: spot ? 'SPOT_PRICE_CAPACITY_OPTIMIZED' : 'BEST_FIT_PROGRESSIVE',
        minvCpus: 0,
        maxvCpus,
        instanceTypes: [...instanceTypes],
        instanceRole: props.instanceProfile.attrArn,
        subnets: props.subnets.map(({ subnetId }) => subnetId),
        securityGroupIds: [props.securityGroupId],
        launchTemplate: { launchTemplateId: props.launchTemplate.ref, version: props.launchTemplate.attrLatestVersionNumber },
        ec2Configuration: [{ imageType: isGpuQueue(queue) ? 'ECS_AL2023_NVIDIA' : 'ECS_AL2023' }],
        updateToLatestImageVersion: true,
        tags: { Name: `${deployment.name}-${queue}` },
      },
    });
    const policy = new CfnSchedulingPolicy(this, 'FairShare', {
      name: `${deployment.name}-${queue}`,
      fairsharePolicy: { shareDecaySeconds: SHARE_DECAY_SECONDS },
    });
    this.queueArn = new CfnJobQueue(this, 'Queue', {
      jobQueueName: `${deployment.name}-${queue}`,
      priority: 1,
      state: 'ENABLED',
      schedulingPolicyArn: policy.attrArn,
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment.attrComputeEnvironmentArn }],
      jobStateTimeLimitActions: HEAD_OF_QUEUE_REASONS.map((reason) => ({
        action: 'CANCEL',
        state: 'RUNNABLE',
        reason,
        maxTimeSeconds: deployment.limits.queueSeconds,
      })),
    }).attrJobQueueArn;
  }
}

/** A change of the environment waits this long for the jobs on its instances; Batch takes six hours at most. */
const longestAttemptMinutes = ({ stages }: Deployment): number =>
  Math.min(
    360,
    ...[Math.max(...Object.values(stages).map(({ attemptDurationSeconds }) => Math.ceil(attemptDurationSeconds / 60)))],
  );
