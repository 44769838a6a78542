import { BatchClient, CancelJobCommand, SubmitJobCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { executionArn } from '../../functions/experiments/execution-input.ts';

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** The deployment that calls are tried on. `roleArn` answers the ARN of the role with that logical name. */
export type Deployed = {
  endpoint: string;
  region: string;
  outputs: Record<string, string>;
  roleArn: (name: string) => string;
};

type Attempt = (
  client: { endpoint: string; region: string; credentials: Credentials },
  target: string,
  at: Deployed,
) => Promise<unknown>;

const BUCKETS: Record<string, string> = {
  datasets: 'DatasetsBucket',
  experiments: 'ExperimentsBucket',
  checkpoints: 'CheckpointsBucket',
  releases: 'ReleasesBucket',
};

const output = ({ outputs }: Deployed, name: string): string => {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the stacks have no output ${name}`);
  return value;
};

const object = (target: string, at: Deployed): { Bucket: string; Key: string } => {
  const [bucket = '', ...key] = target.split('/');
  return { Bucket: output(at, BUCKETS[bucket] ?? bucket), Key: key.join('/') };
};

const KEY = { pk: { S: 'nobody' }, sk: { S: 'nothing' } };
/** What nobody has: a call that is allowed fails for its want, and changes nothing. */
const NEVER = 'attribute_exists(pk)';
const NO_JOB = '00000000-0000-0000-0000-000000000000';

const table = (at: Deployed): { TableName: string } => ({ TableName: output(at, 'TableName') });
const MACHINES: Record<string, string> = { experiment: 'StateMachineArn', dataset: 'DatasetStateMachineArn' };
const machine = (name: string, at: Deployed): string => output(at, MACHINES[name] ?? 'RehearsalStateMachineArn');
const queueUrl = (name: string, at: Deployed): { QueueUrl: string } => ({
  QueueUrl: output(at, name === 'undelivered-events' ? 'UndeliveredEventsUrl' : 'UnpublishedChangesUrl'),
});

/** Each call in a form that does no harm where it is allowed. */
export const ATTEMPTS: Record<string, Attempt> = {
  's3:GetObject': (client, target, at) => s3(client).send(new GetObjectCommand(object(target, at))),
  's3:PutObject': (client, target, at) =>
    // Refused for its condition, with 412 or 404, where the role might write.
    s3(client).send(new PutObjectCommand({ ...object(target, at), Body: 'denied', IfMatch: '"0"' })),
  's3:DeleteObject': (client, target, at) => s3(client).send(new DeleteObjectCommand(object(target, at))),
  's3:ListBucket': (client, target, at) => {
    const { Bucket, Key } = object(target, at);
    return s3(client).send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }));
  },
  'dynamodb:GetItem': (client, _, at) => dynamo(client).send(new GetItemCommand({ ...table(at), Key: KEY })),
  'dynamodb:PutItem': (client, _, at) =>
    dynamo(client).send(new PutItemCommand({ ...table(at), Item: KEY, ConditionExpression: NEVER })),
  'dynamodb:UpdateItem': (client, _, at) =>
    dynamo(client).send(new UpdateItemCommand({ ...table(at), Key: KEY, ConditionExpression: NEVER })),
  'dynamodb:DeleteItem': (client, _, at) =>
    dynamo(client).send(new DeleteItemCommand({ ...table(at), Key: KEY, ConditionExpression: NEVER })),
  'dynamodb:Scan': (client, _, at) => dynamo(client).send(new ScanCommand({ ...table(at), Limit: 1 })),
  'events:PutEvents': async (client, target, at) => {
    const [bus, Source] = target.split(' as ');
    const EventBusName = bus === 'bus' ? output(at, 'EventBusName') : bus;
    const entry = { EventBusName, Source, DetailType: 'Nothing', Detail: '{}' };
    return new EventBridgeClient(client).send(new PutEventsCommand({ Entries: [entry] }));
  },
  'sqs:ReceiveMessage': (client, target, at) =>
    sqs(client).send(new ReceiveMessageCommand({ ...queueUrl(target, at), VisibilityTimeout: 0 })),
  'sqs:SendMessage': (client, target, at) =>
    sqs(client).send(new SendMessageCommand({ ...queueUrl(target, at), MessageBody: 'x', DelaySeconds: 1_000_000 })),
  'states:StartExecution': (client, target, at) =>
    new SFNClient(client).send(
      new StartExecutionCommand({ stateMachineArn: machine(target, at), name: 'not/a/name', input: '{}' }),
    ),
  'states:StopExecution': (client, target, at) =>
    new SFNClient(client).send(new StopExecutionCommand({ executionArn: executionArn(machine(target, at), 'nothing', 1) })),
  'batch:SubmitJob': (client, target) =>
    batch(client).send(
      new SubmitJobCommand({ jobName: 'denied', jobQueue: `spotforge-${target}`, jobDefinition: 'there-is-none' }),
    ),
  'batch:TerminateJob': (client) => batch(client).send(new TerminateJobCommand({ jobId: NO_JOB, reason: 'denied' })),
  'batch:CancelJob': (client) => batch(client).send(new CancelJobCommand({ jobId: NO_JOB, reason: 'denied' })),
  'sts:AssumeRole': (client, target, at) =>
    new STSClient(client).send(new AssumeRoleCommand({ RoleArn: at.roleArn(target), RoleSessionName: 'denied' })),
};

type ClientOptions = Parameters<Attempt>[0];
const s3 = (client: ClientOptions): S3Client => new S3Client({ ...client, forcePathStyle: true });
const dynamo = (client: ClientOptions): DynamoDBClient => new DynamoDBClient(client);
const sqs = (client: ClientOptions): SQSClient => new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
const batch = (client: ClientOptions): BatchClient => new BatchClient(client);

const REFUSALS = ['AccessDenied', 'AccessDeniedException', 'AccessDeniedError', 'AuthorizationError'];

/** `refused` by the role's policies; `allowed` covers whatever else comes of the call. */
export const outcomeOf = async (call: string, credentials: Credentials, at: Deployed): Promise<'refused' | 'allowed'> => {
  const [action = '', ...target] = call.split(' ');
  const attempt = ATTEMPTS[action];
  if (!attempt) throw new Error(`no such call is known: ${action}`);
  const { endpoint, region } = at;
  try {
    await attempt({ endpoint, region, credentials }, target.join(' '), at);
    return 'allowed';
  } catch (error) {
    return REFUSALS.includes((error as Error).name) ? 'refused' : 'allowed';
  }
};
