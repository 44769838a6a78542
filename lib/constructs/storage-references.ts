import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

// What the users of the storage know of it, whether this deployment made it or was given it. They name it; nobody changes it from outside.

/** Set when the data lies under a key of one's own. */
type Encrypted = { readonly encryptionKey?: IKey | undefined };

export type BucketReference = Pick<IBucket, 'bucketName' | 'bucketArn' | 'arnForObjects'> & Encrypted;
export type TableReference = Pick<ITable, 'tableName' | 'tableArn' | 'node'> &
  Encrypted & { readonly tableStreamArn?: string | undefined };

export type Buckets = {
  datasets: BucketReference;
  experiments: BucketReference;
  checkpoints: BucketReference;
  releases: BucketReference;
};
export type BucketName = keyof Buckets;
