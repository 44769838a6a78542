import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { DATASET_VERSION_COMMAND, DATASET_VERSION_IMAGE, keys, STAGE_ENV } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { allow } from './allow.ts';
import { ContainerJob } from './container-job.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import { imageReference } from './image-reference.ts';
import { encrypts } from './key-use.ts';
import { retentionDays } from './stage-access.ts';
import { allowSources, jobLogGroupName } from './stage-job-definition.ts';
import type { BucketReference, Buckets } from './storage-references.ts';

export type DatasetJobProps = { deployment: Deployment; buckets: Buckets; repositories: Repositories };

/** After the deployment's name; the log group has it too. */
const NAME = 'dataset';
const WILDCARD = 'Keys carry tenant, dataset, version and preparation, which a definition cannot know.';

/** Makes a version of a dataset: the work of `ingest` and `prepare` without an experiment. It is as large as `prepare`, and may run as long. */
export class DatasetJob extends Construct {
  /** With its revision. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { deployment, buckets, repositories }: DatasetJobProps) {
    super(scope, id);
    const logs = new ExpiringLogGroup(this, 'Logs', { deployment, logGroupName: jobLogGroupName(deployment, NAME) });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: `${deployment.name}: makes versions of datasets`,
    });
    const locked = retentionDays(deployment, 'ingest');
    allowDatasets(role, buckets.datasets, { locks: locked !== undefined });
    allowSources(role, deployment.allowedSources);

    this.arn = new ContainerJob(this, 'Definition', {
      deployment,
      name: `${deployment.name}-${NAME}`,
      tags: { 'spotforge:dataset': 'true' },
      image: imageReference(deployment, DATASET_VERSION_IMAGE, repositories[DATASET_VERSION_IMAGE]),
      command: [...DATASET_VERSION_COMMAND],
      role,
      logs,
      streamPrefix: NAME,
      size: deployment.stages.prepare,
      buckets,
      environment: locked === undefined ? {} : { [STAGE_ENV.retentionDays]: String(locked) },
    }).ref;
  }
}

/** Reads what was sent and what is stored, stores what it made of it, and says so. Nothing of any experiment. */
const allowDatasets = (role: Role, datasets: BucketReference, { locks }: { locks: boolean }): void => {
  const objects = (...prefixes: string[]): string[] => prefixes.map((prefix) => datasets.arnForObjects(prefix));
  const request = keys.datasetPreparation('*', '*', 'request');
  const report = keys.datasetPreparation('*', '*', 'report');
  const rejectedRows = keys.datasetPreparation('*', '*', 'rejectedRows');
  allow(role, {
    actions: ['s3:GetObject'],
    resources: objects('uploads/*', 'raw/*', 'processed/*', request, report, rejectedRows), // its own of an earlier try among them
    because: WILDCARD,
  });
  allow(role, {
    actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
    resources: objects('raw/*', 'processed/*', report, rejectedRows),
    because: WILDCARD,
  });
  if (locks) allow(role, { actions: ['s3:PutObjectRetention'], resources: objects('raw/*'), because: WILDCARD });
  allow(role, {
    actions: ['s3:ListBucket'],
    resources: [datasets.bucketArn],
    conditions: { StringLike: { 's3:prefix': ['uploads/*'] } },
  });
  for (const permission of encrypts(datasets, 's3')) allow(role, permission);
};
