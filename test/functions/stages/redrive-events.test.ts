import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeJobsCommand, ListJobsCommand } from '@aws-sdk/client-batch';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeExecutionCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { preparationDocuments } from '../../../functions/datasets/preparation-documents.ts';
import { preparationStore } from '../../../functions/datasets/preparation-store.ts';
import { datasetVersionEntity } from '../../../functions/shared/table/dataset-version.ts';
import { readDeadLetter } from '../../../functions/stages/dead-letter.ts';
import { type Redrive, redriveEvents } from '../../../functions/stages/redrive-events.ts';
import { anId } from '../an-experiment.ts';
import { aPreparationId } from '../datasets/a-dataset.ts';
import { aResult, NOW, someProgress } from './a-job.ts';
import { anEvent, anObserver, detailOf } from './an-observer.ts';

const fixture = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../fixtures/aws/${name}.json`), 'utf8')).record;
/** As a function's on-failure destination gets it. */
const failedInvocation = (requestPayload: object) => ({ ...fixture('lambda-async-destination'), requestPayload });
/** As the on-failure destination of the table's stream gets it. */
const failedBatch = (first: Date, last = first) => {
  const record = fixture('lambda-dynamodb-stream-destination');
  const second = (date: Date) => date.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    ...record,
    DDBStreamBatchInfo: {
      ...record.DDBStreamBatchInfo,
      approximateArrivalOfFirstRecord: second(first),
      approximateArrivalOfLastRecord: second(last),
    },
  };
};

const current = { run: 1, stage: 'train', attempt: 1 } as const;

let given: Awaited<ReturnType<typeof anObserver>>;
let services: Redrive;
const bus = mockClient(EventBridgeClient);
beforeEach(async () => {
  given = await anObserver();
  bus.reset();
  bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
  const { sqs } = given.aws;
  const queues = await Promise.all([given.aws.aQueue(), given.aws.aQueue()]);
  const announcer = { eventBridge: new EventBridgeClient(), bus: 'spotforge' };
  const preparations = {
    store: preparationStore(given.aws.table),
    documents: preparationDocuments(given.aws.s3, given.aws.buckets.datasets),
    clock: given.observer.clock,
  };
  services = { observer: given.observer, preparations, announcer, table: given.aws.table, sqs, queues };
});

const undelivered = (body: unknown, queue = 0) =>
  services.sqs.send(
    new SendMessageCommand({
      QueueUrl: services.queues[queue],
      MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
/** Messages that are there, seen or not. */
const kept = async (queue = 0): Promise<number> => {
  const { Attributes } = await services.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: services.queues[queue],
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
};
const redrive = () => redriveEvents({}, services);

/** A stage that has succeeded and waits for somebody to say so. */
const aFinishedStage = async () => {
  const { id } = await given.store({ current });
  const at = { experimentId: id, ...current };
  await given.put(at, 'result', aResult(at).document);
  return {
    id,
    event: anEvent('Batch Job State Change', detailOf(at, { status: 'SUCCEEDED', exitCode: 0, stoppedAt: NOW.getTime() })),
  };
};

describe('redrive-events', () => {
  it.each([
    ['never reached its function', (event: object) => event],
    ['its function failed on', failedInvocation],
  ])('delivers an event that %s, and deletes it', async (_how, asKept) => {
    const { event } = await aFinishedStage();
    await undelivered(asKept(event));
    expect(await redrive()).toEqual({ delivered: 1, left: 0 });
    expect(given.stepFunctions.commandCalls(SendTaskSuccessCommand)).toHaveLength(1);
    expect(await kept()).toBe(0);
  });

  it('delivers the end of a preparation, which is of no experiment', async () => {
    const id = aPreparationId();
    const at = { tenant: 'acme', dataset: 'ratings', id };
    const createdAt = NOW.toISOString();
    const item = { ...at, source: 's3://open-data/ratings/', createdAt, updatedAt: createdAt, status: 'preparing' as const };
    await preparationStore(given.aws.table).begin(item, undefined);
    const input = JSON.stringify({ tenant: 'acme', dataset: 'ratings', preparationId: id });
    await undelivered(anEvent('Step Functions Execution Status Change', { name: id, status: 'ABORTED', input }));
    expect(await redrive()).toEqual({ delivered: 1, left: 0 });
    const { data } = await datasetVersionEntity(given.aws.table).get(at).go();
    expect(data?.status).toBe('failed');
  });

  it('delivers an event that lies there twice without telling the execution twice', async () => {
    const { event } = await aFinishedStage();
    await undelivered(event);
    await undelivered(failedInvocation(event));
    expect(await redrive()).toEqual({ delivered: 2, left: 0 });
    expect(given.stepFunctions.commandCalls(SendTaskSuccessCommand)).toHaveLength(1);
  });

  it('knows whose each event is', async () => {
    const { id } = await given.store({ status: 'queued' });
    given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
    given.batch.on(ListJobsCommand).resolves({});
    given.batch.on(DescribeJobsCommand).resolves({});
    await undelivered(anEvent('Step Functions Execution Status Change', { name: `${id}-r1`, status: 'RUNNING' }));
    await undelivered(anEvent('Stage Progress', someProgress({ experimentId: id })));
    await undelivered(anEvent('Scheduled Event', {}));
    expect(await redrive()).toEqual({ delivered: 3, left: 0 });
    expect(await given.stored(id)).toMatchObject({ status: 'running' });
    expect(await given.observer.store.keptProgress(id)).toMatchObject({ progress: { step: 10 } });
  });

  it('leaves what fails again, and goes on with the others', async () => {
    const { event } = await aFinishedStage();
    const nobodys = detailOf({ experimentId: anId() }, { status: 'FAILED', exitCode: 1 });
    await undelivered(anEvent('Batch Job State Change', nobodys));
    await undelivered('not even JSON');
    await undelivered(anEvent('EC2 Instance State-change Notification', {}));
    await undelivered(event);
    expect(await redrive()).toEqual({ delivered: 1, left: 3 });
    expect(await kept()).toBe(3);
  });

  it('tries each message once a call', async () => {
    await undelivered('not even JSON');
    await redrive();
    expect(await redrive()).toEqual({ delivered: 0, left: 0 });
    expect(await kept()).toBe(1);
  });

  it('works through more messages than SQS hands out at once', async () => {
    await Promise.all(Array.from({ length: 23 }, () => undelivered(anEvent('Scheduled Event', {}))));
    expect(await redrive()).toEqual({ delivered: 23, left: 0 });
  });

  it('stops in time for its own end', async () => {
    let minutes = 0;
    services.observer = { ...given.observer, clock: { now: () => new Date(NOW.getTime() + 60_000 * minutes++) } };
    await undelivered(anEvent('Scheduled Event', {}));
    expect(await redrive()).toEqual({ delivered: 0, left: 0 });
  });

  it('announces the changes of the time of a lost batch once more', async () => {
    const { store } = given.observer;
    const created = await given.store({ status: 'queued' });
    const running = await store.experiments.transition(created, 'running', {
      events: [{ type: 'experiment.running', message: 'The pipeline has started.' }],
    });
    await undelivered(failedBatch(new Date()), 1);
    expect(await redrive()).toEqual({ delivered: 1, left: 0 });
    const sent = bus.commandCalls(PutEventsCommand).flatMap(({ args }) => args[0].input.Entries ?? []);
    expect(sent.map(({ Detail }) => JSON.parse(Detail ?? ''))).toMatchObject([
      { eventId: `${created.id}-${running.revision}`, status: 'running', tenant: 'acme' },
    ]);
    expect(await kept(1)).toBe(0);
  });

  it('announces nothing of another time, and keeps the batch when the bus refuses it', async () => {
    const created = await given.store({ status: 'queued' });
    await given.observer.store.experiments.transition(created, 'running', {
      events: [{ type: 'experiment.running', message: 'The pipeline has started.' }],
    });
    await undelivered(failedBatch(new Date('2020-01-01T00:00:00Z')), 1);
    expect(await redrive()).toEqual({ delivered: 1, left: 0 });
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(0);

    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'busy' }] });
    await undelivered(failedBatch(new Date()), 1);
    expect(await redrive()).toEqual({ delivered: 0, left: 1 });
    expect(await kept(1)).toBe(1);
  });
});

describe('a dead letter', () => {
  it('of the table is a time, a minute wider than what the record says', () => {
    const record = fixture('lambda-dynamodb-stream-destination');
    expect(readDeadLetter(JSON.stringify(record))).toEqual({
      kind: 'changes',
      window: { from: '2019-11-14T00:12:19.000Z', to: '2019-11-14T00:14:19.000Z' },
    });
  });

  it.each([
    ['text', 'x'],
    ['nothing', ''],
    ['null', 'null'],
    ['a record of an invocation whose payload is no event', JSON.stringify(fixture('lambda-async-destination'))],
  ])('that is %s cannot be read', (_what, body) => {
    expect(readDeadLetter(body)).toEqual({ kind: 'unreadable' });
  });
});
