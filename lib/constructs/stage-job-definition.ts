import { Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { EVENTS, STAGE_ENV, STAGE_IMAGES, type Stage, stageCommand } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { GRAVITON_SIZE, GRAVITON_STAGE } from '../config/graviton.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { allow } from './allow.ts';
import { ContainerJob } from './container-job.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import { imageReference } from './image-reference.ts';
import { encrypts } from './key-use.ts';
import { retentionDays, stageAccess } from './stage-access.ts';
import type { BucketName, Buckets } from './storage-references.ts';

export type StageJobDefinitionProps = {
  deployment: Deployment;
  stage: Stage;
  buckets: Buckets;
  bus: EventBus;
  repositories: Repositories;
};

/** Log group of a stage or of another job; `*`: all of them. The instances may write to these. */
export const jobLogGroupName = ({ name }: Deployment, job: string): string => `/${name}/stages/${job}`;
export const jobDefinitionName = ({ name }: Deployment, stage: Stage): string => `${name}-${stage}`;
export const gravitonJobDefinitionName = ({ name }: Deployment): string => `${name}-${GRAVITON_STAGE}-arm`;

/** How one stage runs: image, argv, size, limits, and a role that reaches no further than the stage's own inputs and outputs. */
export class StageJobDefinition extends Construct {
  readonly role: Role;
  /** With its revision: what an experiment is pinned to. */
  readonly arn: string;
  /** The same work in the size of an Arm instance, where this stage has one. */
  readonly gravitonArn?: string;

  constructor(scope: Construct, id: string, props: StageJobDefinitionProps) {
    super(scope, id);
    const { deployment, stage, buckets, bus, repositories } = props;
    const image = imageReference(deployment, STAGE_IMAGES[stage], repositories[STAGE_IMAGES[stage]]);
    const logs = new ExpiringLogGroup(this, 'Logs', { deployment, logGroupName: jobLogGroupName(deployment, stage) });

    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: `${deployment.name}: stage ${stage}`,
    });
    allowStage(this.role, props);

    const size = deployment.stages[stage];
    const locked = retentionDays(deployment, stage);
    const job = {
      deployment,
      tags: { 'spotforge:stage': stage },
      image,
      command: stageCommand(stage),
      role: this.role,
      logs,
      streamPrefix: stage,
      buckets,
      environment: {
        [STAGE_ENV.eventBus]: bus.eventBusName,
        [STAGE_ENV.hangLimitSeconds]: String(size.hangLimitSeconds),
        ...(locked !== undefined && { [STAGE_ENV.retentionDays]: String(locked) }),
        // From here and never from the machine: with another number of processes come other weights.
        ...(stage === 'train' && { [STAGE_ENV.processes]: String(Math.max(1, size.gpus)) }),
      },
    };
    this.arn = new ContainerJob(this, 'Definition', { ...job, name: jobDefinitionName(deployment, stage), size }).ref;
    if (deployment.benchmarkOnGraviton && stage === GRAVITON_STAGE) {
      const name = gravitonJobDefinitionName(deployment);
      this.gravitonArn = new ContainerJob(this, 'GravitonDefinition', { ...job, name, size: { ...size, ...GRAVITON_SIZE } }).ref;
    }
  }
}

const WILDCARD = 'Keys carry the experiment, run and attempt (or tenant, dataset and version), which a definition cannot know.';

const allowStage = (role: Role, { deployment, stage, buckets, bus }: StageJobDefinitionProps): void => {
  const { reads, writes, retains, lists = {}, deletes } = stageAccess(stage);
  const objects = (prefixes: Partial<Record<BucketName, readonly string[]>>): string[] =>
    Object.entries(prefixes).flatMap(([bucket, keys]) => keys.map((key) => buckets[bucket as BucketName].arnForObjects(key)));

  allow(role, { actions: ['s3:GetObject'], resources: objects(reads), because: WILDCARD });
  allow(role, { actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: objects(writes), because: WILDCARD });
  for (const permission of encrypts(buckets.experiments, 's3')) allow(role, permission); // all buckets lie under one key
  if (retains && retentionDays(deployment, stage) !== undefined)
    allow(role, { actions: ['s3:PutObjectRetention'], resources: objects(retains), because: WILDCARD });
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
export const allowSources = (role: Role, sources: readonly string[]): void => {
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
