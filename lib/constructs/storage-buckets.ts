import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { bucketGovernance } from './bucket-governance.ts';
import { BucketReplication } from './bucket-replication.ts';
import { PrivateBucket } from './private-bucket.ts';
import type { BucketName, BucketReference, Buckets } from './storage-references.ts';

/** Each bucket: the deployment's own, or the one that is there already. With `replication` what is the deployment's own is copied. */
export const storageBuckets = (
  scope: Construct,
  { deployment, key }: { deployment: Deployment; key?: IKey | undefined },
): Buckets => {
  const governed = bucketGovernance(deployment);
  const own: { [B in BucketName]?: PrivateBucket } = {};
  const bucket = (name: BucketName, id: string): BucketReference => {
    const taken = deployment.existing.buckets[name];
    if (taken !== undefined)
      return Bucket.fromBucketAttributes(scope, id, { bucketName: taken, ...(key && { encryptionKey: key }) });
    const made = new PrivateBucket(scope, id, { deployment, key, ...governed[name] });
    own[name] = made;
    return made;
  };
  const buckets = {
    datasets: bucket('datasets', 'Datasets'),
    experiments: bucket('experiments', 'Experiments'),
    checkpoints: bucket('checkpoints', 'Checkpoints'),
    releases: bucket('releases', 'Releases'),
  };
  const { replication } = deployment;
  if (replication) new BucketReplication(scope, 'Replication', { deployment, replication, sources: own });
  return buckets;
};
