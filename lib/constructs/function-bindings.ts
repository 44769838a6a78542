import type { Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { EVENTS } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Permission } from './allow.ts';
import type { AslStateMachine } from './asl-state-machine.ts';
import { looksAtBatch, onAnyJob } from './batch-permissions.ts';
import type { TABLE_INDEXES } from './experiment-table.ts';
import { decrypts, encrypts } from './key-use.ts';
import { machineScopes } from './machine-clients.ts';
import type { Binding } from './pipeline-function.ts';
import type { BucketReference, TableReference } from './storage-references.ts';

// What functions use, each as the pair of variable and grant. A function's list of bindings is the whole of what it can reach.

type Index = (typeof TABLE_INDEXES)[number];

/** ConditionCheckItem: the part of a transaction that only looks. */
const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const WRITE = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'];

export const readsTable = (table: TableReference, indexes: readonly Index[] = []): Binding => ({
  environment: { TABLE_NAME: table.tableName },
  permissions: [
    { actions: READ, resources: [table.tableArn] },
    ...queriesIndexes(table, indexes),
    ...decrypts(table, 'dynamodb'),
  ],
});

export const writesTable = (table: TableReference, indexes: readonly Index[] = []): Binding => ({
  environment: { TABLE_NAME: table.tableName },
  permissions: [
    { actions: [...READ, ...WRITE], resources: [table.tableArn] },
    ...queriesIndexes(table, indexes),
    ...encrypts(table, 'dynamodb'),
  ],
});

/** Reads all of it, page by page: for repairs. */
export const scansTable = (table: TableReference): Binding => ({
  permissions: [{ actions: ['dynamodb:Scan'], resources: [table.tableArn] }, ...decrypts(table, 'dynamodb')],
});

const queriesIndexes = (table: TableReference, indexes: readonly Index[]): Permission[] =>
  indexes.length === 0
    ? []
    : [{ actions: ['dynamodb:Query'], resources: indexes.map((index) => `${table.tableArn}/index/${index}`) }];

type BucketVariable = 'DATASETS_BUCKET' | 'EXPERIMENTS_BUCKET' | 'CHECKPOINTS_BUCKET' | 'RELEASES_BUCKET';
type ObjectAccess = { reads?: readonly string[]; writes?: readonly string[]; lists?: readonly string[] };

/** Keys with `*` where an id stands. Whatever is listed is listed by prefix only. */
export const usesBucket = (
  variable: BucketVariable,
  bucket: BucketReference,
  { reads = [], writes = [], lists = [] }: ObjectAccess,
): Binding => {
  const because = 'Keys carry ids of experiments, tenants and uploads, which the function takes from the table.';
  const objects = (keys: readonly string[]): string[] => keys.map((key) => bucket.arnForObjects(key));
  return {
    environment: { [variable]: bucket.bucketName },
    permissions: [
      ...(reads.length > 0 ? [{ actions: ['s3:GetObject'], resources: objects(reads), because }, ...decrypts(bucket, 's3')] : []),
      ...(writes.length > 0
        ? [{ actions: ['s3:PutObject'], resources: objects(writes), because }, ...encrypts(bucket, 's3')]
        : []),
      ...(lists.length > 0 ? [listing(bucket, lists)] : []),
    ],
  };
};

/** Whether objects are there, and how large they are; not what is in them. */
export const findsObjects = (bucket: BucketReference, prefixes: readonly string[]): Binding => ({
  permissions: [listing(bucket, prefixes)],
});

const listing = ({ bucketArn }: BucketReference, prefixes: readonly string[]): Permission => ({
  actions: ['s3:ListBucket'],
  resources: [bucketArn],
  conditions: { StringLike: { 's3:prefix': [...prefixes] } },
});

/** How to read tenant and groups from a token, and which tenant is served: for every function that knows its caller. */
export const knowsCaller = (deployment: Deployment): Binding => {
  const { identity, tenant, machineClients } = deployment;
  return {
    environment: {
      CLAIM_TENANT: identity.claims.tenant,
      CLAIM_GROUPS: identity.claims.groups,
      ...(tenant !== undefined && { SERVED_TENANT: tenant }),
      ...(Object.keys(machineClients).length > 0 && { MACHINE_SCOPES: machineScopes(deployment) }),
    },
  };
};

const machineVariable = ({ stateMachine }: AslStateMachine) => ({ STATE_MACHINE_ARN: stateMachine.stateMachineArn });
const EXECUTIONS = 'An execution is named for its experiment and run, which the function takes from the table.';

export const startsExecutions = (machine: AslStateMachine): Binding => ({
  environment: machineVariable(machine),
  permissions: [{ actions: ['states:StartExecution'], resources: [machine.stateMachine.stateMachineArn] }],
});

export const stopsExecutions = (machine: AslStateMachine): Binding => ({
  environment: machineVariable(machine),
  permissions: [{ actions: ['states:StopExecution'], resources: [machine.executionArns], because: EXECUTIONS }],
});

/** Looks at an execution and reports the end of a stage to it. */
export const reportsToExecutions = (machine: AslStateMachine): Binding => ({
  environment: machineVariable(machine),
  permissions: [
    { actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: [machine.stateMachine.stateMachineArn] },
    { actions: ['states:DescribeExecution'], resources: [machine.executionArns], because: EXECUTIONS },
  ],
});

const FOUND_BY_NAME = "Jobs are found by the names that an experiment's attempts have.";

/** Looks for the jobs of an experiment and ends those that are nobody's. */
export const endsJobs = (stack: Stack): Binding => ({
  permissions: [looksAtBatch('batch:DescribeJobs', 'batch:ListJobs'), onAnyJob(stack, 'batch:TerminateJob', FOUND_BY_NAME)],
});

/** Looks why jobs wait, and takes those out of our queues that get no machine. */
export const watchesQueues = (stack: Stack, queueArns: readonly string[]): Binding => ({
  permissions: [
    looksAtBatch('batch:DescribeJobQueues', 'batch:DescribeComputeEnvironments'),
    { actions: ['batch:GetJobQueueSnapshot'], resources: queueArns },
    onAnyJob(stack, 'batch:CancelJob', FOUND_BY_NAME),
  ],
});

/** Looks whether the job definitions and queues that a spec was pinned to are still there. */
export const looksAtPins = (): Binding => ({
  permissions: [looksAtBatch('batch:DescribeJobDefinitions', 'batch:DescribeJobQueues')],
});

/** Takes messages out of dead-letter queues. */
export const redrives = (stack: Stack, queues: readonly IQueue[]): Binding => ({
  environment: { DEAD_LETTER_QUEUES: stack.toJsonString(queues.map(({ queueUrl }) => queueUrl)) },
  permissions: [{ actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], resources: queues.map(({ queueArn }) => queueArn) }],
});

type NamedBus = Pick<IEventBus, 'eventBusName' | 'eventBusArn'>;

/** Sends events that say they come from `source`, and no others. */
const putsEvents = (bus: NamedBus, { source }: { source: string }): Binding => ({
  environment: { EVENT_BUS: bus.eventBusName },
  permissions: [
    { actions: ['events:PutEvents'], resources: [bus.eventBusArn], conditions: { StringEquals: { 'events:source': source } } },
  ],
});

export const publishesChanges = (bus: NamedBus): Binding => putsEvents(bus, EVENTS.experimentStatusChanged);
export const announcesRehearsals = (bus: NamedBus): Binding => putsEvents(bus, EVENTS.rehearsalCompleted);
export const announcesSpotChecks = (bus: NamedBus): Binding => putsEvents(bus, EVENTS.spotCheckCompleted);

/** Sees what becomes of the instances that jobs ran on. */
export const watchesHosts = (stack: Stack): Binding => ({
  permissions: [
    {
      actions: ['ecs:DescribeContainerInstances'],
      resources: [stack.formatArn({ service: 'ecs', resource: 'container-instance', resourceName: '*' })],
      because: 'Batch names the clusters of its environments and ECS the instances; both are known only once a job has run.',
    },
  ],
});
