import { DeleteTableCommand, type DynamoDBClient, UpdateTableCommand, waitUntilTableNotExists } from '@aws-sdk/client-dynamodb';
import { DeleteBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { emptyBucket } from '../../lifecycle/empty-bucket.ts';

/** Deletes a table as somebody would who means it: its protection is in the way until it is switched off. */
export const loseTable = async (dynamodb: DynamoDBClient, name: string): Promise<void> => {
  await dynamodb.send(new UpdateTableCommand({ TableName: name, DeletionProtectionEnabled: false }));
  await dynamodb.send(new DeleteTableCommand({ TableName: name }));
  await waitUntilTableNotExists({ client: dynamodb, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName: name });
};

/** Deletes a bucket with every version in it, locked or not. Answers how many there were. */
export const loseBucket = async (s3: S3Client, bucket: string): Promise<number> => {
  const lost = await emptyBucket(s3, bucket, { pastLocks: true });
  await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  return lost;
};
