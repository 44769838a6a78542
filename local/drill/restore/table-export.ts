import {
  type AttributeDefinition,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { DEPLOYMENT } from '../../tier/deployment-name.ts';
import { itemsOf, type StoredItem } from './stored-items.ts';

/** The local AWS restores a table to no time but the present. Its state at a time is kept by an export, one line an item as in DynamoDB's own. */
export const EXPORT_FILLS =
  'the local AWS keeps no history of a table: the state at the chosen time comes from an export to S3 that the drill made then; on AWS it is `aws dynamodb restore-table-to-point-in-time`';

/** A bucket of the drill's own. */
const PLACE = { bucket: `${DEPLOYMENT}-drill-export`, key: 'table.jsonl' };

type Aws = { dynamodb: DynamoDBClient; s3: S3Client };
const AT_A_TIME = 10;

/** Writes every item of the table into one object; answers how many there are. Items of ours have no binary attributes. */
export const exportTable = async ({ dynamodb, s3 }: Aws, table: string): Promise<number> => {
  const items = [...(await itemsOf(dynamodb, table)).values()];
  await s3.send(new CreateBucketCommand({ Bucket: PLACE.bucket }));
  const Body = items.map((Item) => JSON.stringify({ Item })).join('\n');
  await s3.send(new PutObjectCommand({ Bucket: PLACE.bucket, Key: PLACE.key, Body }));
  return items.length;
};

/** Makes a table of an export: with keys and indexes of `like`, and like a restored one without stream, time to live and recovery. */
export const importTable = async ({ dynamodb, s3 }: Aws, like: string, table: string): Promise<number> => {
  const { Table = {} } = await dynamodb.send(new DescribeTableCommand({ TableName: like }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: Table.AttributeDefinitions as AttributeDefinition[],
      KeySchema: Table.KeySchema,
      GlobalSecondaryIndexes: (Table.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
  );
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: PLACE.bucket, Key: PLACE.key }));
  const lines = ((await Body?.transformToString()) ?? '').split('\n').filter(Boolean);
  const left = lines.map((line) => (JSON.parse(line) as { Item: StoredItem }).Item);
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let Item = left.shift(); Item; Item = left.shift())
        await dynamodb.send(new PutItemCommand({ TableName: table, Item }));
    }),
  );
  return lines.length;
};
