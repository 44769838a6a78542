import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ATTEMPT_DOCUMENTS } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { locksObjects } from '../config/storage.ts';
import { archiving } from './archiving.ts';
import { PrivateBucket, type PrivateBucketProps } from './private-bucket.ts';
import type { BucketName, BucketReference, Buckets } from './storage-references.ts';

const { progress, stacks } = ATTEMPT_DOCUMENTS;

type Governance = Omit<PrivateBucketProps, 'deployment' | 'key' | 'bucketName'>;

/** The buckets by life: what is kept how long, how deep, and what of it can be changed. */
const governance = (deployment: Deployment): Record<BucketName, Governance> => ({
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
    writtenOnce: { keys: ['*'] },
    lifecycleRules: [archiving('bundles/')], // read by a rollback and by the quarterly rehearsal. No release ever expires
  },
});

/** Each bucket: the deployment's own, or the one that is there already. */
export const storageBuckets = (
  scope: Construct,
  { deployment, key }: { deployment: Deployment; key?: IKey | undefined },
): Buckets => {
  const governed = governance(deployment);
  const bucket = (name: BucketName, id: string): BucketReference => {
    const taken = deployment.existing.buckets[name];
    if (taken === undefined) return new PrivateBucket(scope, id, { deployment, key, ...governed[name] });
    return Bucket.fromBucketAttributes(scope, id, { bucketName: taken, ...(key && { encryptionKey: key }) });
  };
  return {
    datasets: bucket('datasets', 'Datasets'),
    experiments: bucket('experiments', 'Experiments'),
    checkpoints: bucket('checkpoints', 'Checkpoints'),
    releases: bucket('releases', 'Releases'),
  };
};
