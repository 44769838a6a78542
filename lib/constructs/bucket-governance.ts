import { Duration } from 'aws-cdk-lib';
import { ATTEMPT_DOCUMENTS } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { desiredStateOf } from '../config/inference.ts';
import { locksObjects } from '../config/storage.ts';
import { archiving } from './archiving.ts';
import type { PrivateBucketProps } from './private-bucket.ts';
import type { BucketName } from './storage-references.ts';

const { progress, stacks } = ATTEMPT_DOCUMENTS;

/** What is served is the one thing among the releases that changes. */
const DESIRED_STATES = [desiredStateOf({ tenant: '*', model: '*' })];

type Governance = Omit<PrivateBucketProps, 'deployment' | 'key' | 'bucketName'>;

/** The buckets by life: what is kept how long, how deep, and what of it can be changed. A replica is governed as its source is. */
export const bucketGovernance = (deployment: Deployment): Record<BucketName, Governance> => ({
  datasets: {
    versioned: true,
    locked: locksObjects(deployment), // raw data only
    writtenOnce: { keys: ['*'] },
    lifecycleRules: [
      { id: 'expire-uploads', prefix: 'uploads/', expiration: Duration.days(deployment.expiry.uploadDays) },
      archiving('raw/'), // read by `prepare` at once, and again when a later experiment names the same data
      archiving('processed/'), // read by every experiment on that version
      // base-models/ stay hot: few, and read by every experiment.
    ],
  },
  experiments: {
    versioned: true,
    writtenOnce: { allBut: [progress, stacks].map((document) => `experiments/*/${document}`) },
    lifecycleRules: [
      archiving('experiments/'), // read by the API, and by a resume for as long as there are checkpoints
      archiving('models/'), // read by the stages that follow; afterwards a release has its own copy
    ],
  },
  checkpoints: {
    versioned: false, // large, written once, and worthless when newer ones exist
    writtenOnce: { keys: ['*/COMMITTED'] }, // until then an attempt may send a file of it again
    lifecycleRules: [{ id: 'expire-checkpoints', expiration: Duration.days(deployment.expiry.checkpointDays) }],
  },
  releases: {
    versioned: true,
    locked: locksObjects(deployment),
    ...(deployment.inference.enabled
      ? { writtenOnce: { allBut: DESIRED_STATES }, compared: DESIRED_STATES }
      : { writtenOnce: { keys: ['*'] } }),
    // Read by a rollback and by the quarterly rehearsal. No release ever expires, the newest three as little as any other.
    lifecycleRules: [archiving('bundles/')],
  },
});
