import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { keys, REHEARSAL_IMAGES, type Rehearsal, rehearsalCommand } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { REHEARSAL_SIZES } from '../config/rehearsal-sizes.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { allow } from './allow.ts';
import { ContainerJob } from './container-job.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import { imageReference } from './image-reference.ts';
import { encrypts } from './key-use.ts';
import { jobLogGroupName } from './stage-job-definition.ts';
import type { Buckets } from './storage-references.ts';

export type RehearsalJobDefinitionProps = {
  deployment: Deployment;
  rehearsal: Rehearsal;
  buckets: Buckets;
  repositories: Repositories;
};

const SPEC = 'experiments/*/spec.json';
const WILDCARD = 'What is rehearsed with is chosen when it is rehearsed.';

/** How one rehearsal runs. Its role reads what it rehearses with and writes its one finding; it can change nothing that is in use. */
export class RehearsalJobDefinition extends Construct {
  readonly role: Role;
  /** With its revision. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { deployment, rehearsal, buckets, repositories }: RehearsalJobDefinitionProps) {
    super(scope, id);
    const image = REHEARSAL_IMAGES[rehearsal];
    const name = `rehearse-${rehearsal}`;
    const logs = new ExpiringLogGroup(this, 'Logs', {
      deployment,
      logGroupName: jobLogGroupName(deployment, name), // where the instances may write
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: `${deployment.name}: rehearsal ${rehearsal}`,
    });
    const { checkpoints, releases, experiments } = buckets;
    const subject = rehearsal === 'restore' ? checkpoints.arnForObjects('*') : releases.arnForObjects('bundles/*');
    allow(this.role, {
      actions: ['s3:GetObject'],
      resources: [subject, experiments.arnForObjects(SPEC)],
      because: WILDCARD,
    });
    allow(this.role, {
      actions: ['s3:PutObject'],
      resources: [experiments.arnForObjects(keys.rehearsal('*', rehearsal))],
      because: WILDCARD,
    });
    for (const permission of encrypts(experiments, 's3')) allow(this.role, permission); // all buckets lie under one key
    if (rehearsal === 'restore') allow(this.role, { actions: ['s3:ListBucket'], resources: [checkpoints.bucketArn] });

    this.arn = new ContainerJob(this, 'Definition', {
      deployment,
      name: `${deployment.name}-${name}`,
      tags: { 'spotforge:rehearsal': rehearsal },
      image: imageReference(deployment, image, repositories[image]),
      command: rehearsalCommand(rehearsal),
      role: this.role,
      logs,
      streamPrefix: name,
      size: REHEARSAL_SIZES[rehearsal],
      buckets,
      environment: {},
    }).ref;
  }
}
