import { randomBytes } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { inject } from 'vitest';

const GSIS = ['gsi1', 'gsi2', 'gsi3'];
const key = (prefix = '') => [
  { AttributeName: `${prefix}pk`, KeyType: 'HASH' as const },
  { AttributeName: `${prefix}sk`, KeyType: 'RANGE' as const },
];

export type LocalAws = Awaited<ReturnType<typeof localAws>>;

/** A table, buckets and a bus of the test file's own in the emulated account, with clients for them. */
export const localAws = async () => {
  const settings = {
    endpoint: inject('awsEndpoint'),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const own = randomBytes(6).toString('hex');
  const dynamodb = new DynamoDBClient(settings);
  const s3 = new S3Client(settings);
  const stepFunctions = new SFNClient(settings);
  const eventBridge = new EventBridgeClient(settings);
  const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  const table = `table-${own}`;
  const buckets = {
    datasets: `datasets-${own}`,
    experiments: `experiments-${own}`,
    checkpoints: `checkpoints-${own}`,
    releases: `releases-${own}`,
  };
  const bus = `bus-${own}`;
  const names = ['', ...GSIS].flatMap((prefix) => key(prefix).map(({ AttributeName }) => AttributeName));
  await Promise.all([
    dynamodb.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: key(),
        GlobalSecondaryIndexes: GSIS.map((IndexName) => ({
          IndexName,
          KeySchema: key(IndexName),
          Projection: { ProjectionType: 'ALL' },
        })),
      }),
    ),
    ...Object.values(buckets).map((Bucket) => s3.send(new CreateBucketCommand({ Bucket }))),
    eventBridge.send(new CreateEventBusCommand({ Name: bus })),
  ]);
  const client = DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  /** A state machine that waits for an hour whatever it is started with. */
  const aStateMachine = async (): Promise<string> => {
    const { stateMachineArn = '' } = await stepFunctions.send(
      new CreateStateMachineCommand({
        name: `machine-${own}`,
        roleArn: 'arn:aws:iam::000000000000:role/states',
        definition: JSON.stringify({ StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 3600, End: true } } }),
      }),
    );
    return stateMachineArn;
  };
  /** @returns its URL */
  const aQueue = async (): Promise<string> => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `queue-${randomBytes(6).toString('hex')}` }));
    return QueueUrl;
  };
  return {
    settings,
    aStateMachine,
    aQueue,
    table: { client, table },
    dynamodb,
    s3,
    stepFunctions,
    eventBridge,
    sqs,
    buckets,
    bus,
  };
};
