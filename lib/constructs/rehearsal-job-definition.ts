import type { Construct } from 'constructs';
import { keys, REHEARSAL_IMAGES, type Rehearsal, rehearsalCommand } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { REHEARSAL_SIZES } from '../config/rehearsal-sizes.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { allow } from './allow.ts';
import type { Buckets } from './storage-references.ts';
import { UnattendedJob } from './unattended-job.ts';

export type RehearsalJobDefinitionProps = {
  deployment: Deployment;
  rehearsal: Rehearsal;
  buckets: Buckets;
  repositories: Repositories;
};

/** How one rehearsal runs. Its role reads what it rehearses with and writes its one finding. */
export class RehearsalJobDefinition extends UnattendedJob {
  constructor(scope: Construct, id: string, { deployment, rehearsal, buckets, repositories }: RehearsalJobDefinitionProps) {
    const { checkpoints, releases } = buckets;
    super(scope, id, {
      deployment,
      name: `rehearse-${rehearsal}`,
      description: `rehearsal ${rehearsal}`,
      tags: { 'spotforge:rehearsal': rehearsal },
      image: REHEARSAL_IMAGES[rehearsal],
      command: rehearsalCommand(rehearsal),
      size: REHEARSAL_SIZES[rehearsal],
      buckets,
      repositories,
      reads: [rehearsal === 'restore' ? checkpoints.arnForObjects('*') : releases.arnForObjects('bundles/*')],
      writes: keys.rehearsal('*', rehearsal),
    });
    if (rehearsal === 'restore') allow(this.role, { actions: ['s3:ListBucket'], resources: [checkpoints.bucketArn] });
  }
}
