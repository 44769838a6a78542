import { Aws, Stack } from 'aws-cdk-lib';
import { CfnJobDefinition } from 'aws-cdk-lib/aws-batch';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { EVENTS, STAGE_ENV, STAGE_IMAGES, type Stage, stageCommand } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Buckets, Repositories } from '../stacks/storage-stack.ts';
import { allow } from './allow.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import { imageReference } from './image-reference.ts';
import { type BucketName, stageAccess } from './stage-access.ts';

export type StageJobDefinitionProps = {
  deployment: Deployment;
  stage: Stage;
  buckets: Buckets;
  bus: EventBus;
  repositories: Repositories;
};

/** The user that the images are built for. */
export const STAGE_UID = '1001';

export const stageLogGroupName = ({ name }: Deployment, stage: Stage | '*'): string => `/${name}/stages/${stage}`;
export const jobDefinitionName = ({ name }: Deployment, stage: Stage): string => `${name}-${stage}`;

/** How one stage runs: image, argv, size, limits, and a role that reaches no further than the stage's own inputs and outputs. */
export class StageJobDefinition extends Construct {
  readonly role: Role;
  /** With its revision: what an experiment is pinned to. */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: StageJobDefinitionProps) {
    super(scope, id);
    const { deployment, stage, buckets, bus, repositories } = props;
    const { vcpus, memoryMiB, gpus, attemptDurationSeconds, hangLimitSeconds } = deployment.stages[stage];
    const image = imageReference(deployment, STAGE_IMAGES[stage], repositories[STAGE_IMAGES[stage]]);
    const logs = new ExpiringLogGroup(this, 'Logs', { deployment, logGroupName: stageLogGroupName(deployment, stage) });

    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: `${deployment.name}: stage ${stage}`,
    });
    allowStage(this.role, props);

    const environment = {
      [STAGE_ENV.datasetsBucket]: buckets.datasets.bucketName,
      [STAGE_ENV.experimentsBucket]: buckets.experiments.bucketName,
      [STAGE_ENV.checkpointsBucket]: buckets.checkpoints.bucketName,
      [STAGE_ENV.releasesBucket]: buckets.releases.bucketName,
      [STAGE_ENV.eventBus]: bus.eventBusName,
      [STAGE_ENV.gitSha]: deployment.gitSha,
      [STAGE_ENV.imageDigest]: image.version,
      [STAGE_ENV.hangLimitSeconds]: String(hangLimitSeconds),
      AWS_DEFAULT_REGION: Aws.REGION, // Batch on EC2 does not set it, and boto3 asks for it
    };
    this.arn = new CfnJobDefinition(this, 'Definition', {
      jobDefinitionName: jobDefinitionName(deployment, stage),
      type: 'container',
      platformCapabilities: ['EC2'],
      propagateTags: true,
      schedulingPriority: 1, // required on a fair-share queue; all alike, the shares decide
      retryStrategy: { attempts: 1 }, // the state machine tries again, on another rung
      timeout: { attemptDurationSeconds },
      resourceRetentionPolicy: { skipDeregisterOnUpdate: true }, // a running experiment is pinned to an older revision
      tags: { 'spotforge:deployment': deployment.name, 'spotforge:stage': stage },
      containerProperties: {
        image: image.uri,
        command: stageCommand(stage),
        jobRoleArn: this.role.roleArn,
        user: STAGE_UID,
        privileged: false,
        resourceRequirements: [
          { type: 'VCPU', value: String(vcpus) },
          { type: 'MEMORY', value: String(memoryMiB) },
          ...(gpus > 0 ? [{ type: 'GPU', value: String(gpus) }] : []),
        ],
        environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': logs.logGroupName, 'awslogs-stream-prefix': stage },
        },
      },
    }).ref;
  }
}

const WILDCARD = 'Keys carry the experiment, run and attempt (or tenant, dataset and version), which a definition cannot know.';

const allowStage = (role: Role, { deployment, stage, buckets, bus }: StageJobDefinitionProps): void => {
  const { reads, writes, lists = {}, deletes } = stageAccess(stage);
  const objects = (prefixes: Partial<Record<BucketName, readonly string[]>>): string[] =>
    Object.entries(prefixes).flatMap(([bucket, keys]) => keys.map((key) => buckets[bucket as BucketName].arnForObjects(key)));

  allow(role, { actions: ['s3:GetObject'], resources: objects(reads), because: WILDCARD });
  allow(role, { actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: objects(writes), because: WILDCARD });
  if (deletes) allow(role, { actions: ['s3:DeleteObject'], resources: objects(deletes), because: WILDCARD });
  for (const [bucket, prefixes] of Object.entries(lists)) {
    const everything = prefixes.includes('*');
    allow(role, {
      actions: ['s3:ListBucket'],
      resources: [buckets[bucket as BucketName].bucketArn],
      ...(!everything && { conditions: { StringLike: { 's3:prefix': [...prefixes] } } }),
    });
  }
  allow(role, {
    actions: ['events:PutEvents'],
    resources: [bus.eventBusArn],
    conditions: { StringEquals: { 'events:source': EVENTS.stageProgress.source } },
  });
  if (stage === 'ingest') allowSources(role, deployment.allowedSources);
};

/** Other buckets that datasets and base models may come from. */
const allowSources = (role: Role, sources: readonly string[]): void => {
  for (const source of sources) {
    const [bucket = '', ...folders] = source.slice('s3://'.length).split('/');
    const bucketArn = Stack.of(role).formatArn({ service: 's3', region: '', account: '', resource: bucket });
    const prefix = `${folders.join('/')}*`;
    allow(role, {
      actions: ['s3:GetObject'],
      resources: [`${bucketArn}/${prefix}`],
      because: 'A source that the configuration allows.',
    });
    allow(role, { actions: ['s3:ListBucket'], resources: [bucketArn], conditions: { StringLike: { 's3:prefix': [prefix] } } });
  }
};
