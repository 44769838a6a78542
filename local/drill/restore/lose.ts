import { DeleteTableCommand, type DynamoDBClient, UpdateTableCommand, waitUntilTableNotExists } from '@aws-sdk/client-dynamodb';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Deletes a table as somebody would who means it: its protection is in the way until it is switched off. */
export const loseTable = async (dynamodb: DynamoDBClient, name: string): Promise<void> => {
  await dynamodb.send(new UpdateTableCommand({ TableName: name, DeletionProtectionEnabled: false }));
  await dynamodb.send(new DeleteTableCommand({ TableName: name }));
  await waitUntilTableNotExists({ client: dynamodb, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName: name });
};

/** Deletes a bucket with every version in it, locked or not, as only they can who may bypass governance. Answers how many there were. */
export const loseBucket = async (s3: S3Client, bucket: string): Promise<number> => {
  for (let lost = 0; ; ) {
    const page: ListObjectVersionsCommandOutput = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (found.length === 0) {
      await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
      return lost;
    }
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: found }, BypassGovernanceRetention: true }),
    );
    if (Errors[0]) throw new Error(`${Errors[0].Key} of ${bucket} stays: ${Errors[0].Message}`);
    lost += found.length;
  }
};
