import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { DynamoDBRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { publishChanges } from '../../../functions/experiments/publish-changes.ts';
import { statusChange } from '../../../functions/experiments/status-change.ts';
import { anId } from '../an-experiment.ts';

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;
const anImage = (status: string, changes: Image = {}): Image => ({
  pk: { S: 'experiment#x' },
  sk: { S: 'experiment' },
  id: { S: anId() },
  tenant: { S: 'acme' },
  status: { S: status },
  revision: { N: '4' },
  run: { N: '1' },
  updatedAt: { S: '2026-11-22T07:00:00.000Z' },
  ...changes,
});
let sequence = 0;
const aRecord = (now: Image | undefined, before?: Image): DynamoDBRecord => ({
  eventName: before ? 'MODIFY' : 'INSERT',
  dynamodb: {
    SequenceNumber: String(++sequence),
    ...(now === undefined ? {} : { NewImage: now }),
    ...(before === undefined ? {} : { OldImage: before }),
  },
});
const aChange = () => aRecord(anImage('running'), anImage('queued'));

const publish = async (records: DynamoDBRecord[], answers: object[] = []) => {
  const bus = mockClient(EventBridgeClient);
  const put = bus.on(PutEventsCommand);
  answers.reduce((chain: typeof put, answer) => chain.resolvesOnce(answer), put).resolves({ FailedEntryCount: 0 });
  const answer = await publishChanges({ Records: records }, { eventBridge: new EventBridgeClient(), bus: 'spotforge' });
  return { answer, sent: bus.commandCalls(PutEventsCommand).flatMap(({ args }) => args[0].input.Entries ?? []) };
};
const REFUSED = { FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'busy' }] };

describe('a change of status', () => {
  it('is what differs between the two images, with an id that every delivery shares', () => {
    const now = anImage('running', { stage: { S: 'ingest' } });
    expect(statusChange(aRecord(now, anImage('queued')))).toEqual({
      ...{ schemaVersion: 1, eventId: `${now.id?.S}-4`, experimentId: now.id?.S, tenant: 'acme', revision: 4 },
      ...{ status: 'running', previousStatus: 'queued', run: 1, stage: 'ingest', at: '2026-11-22T07:00:00.000Z' },
    });
  });

  it('is also the first status, which follows none', () => {
    expect(statusChange(aRecord(anImage('queued')))).toMatchObject({ status: 'queued', previousStatus: null, stage: null });
  });

  it.each([
    ['the same status', aRecord(anImage('running'), anImage('running'))],
    ['another item', aRecord(anImage('running', { sk: { S: 'progress' } }))],
    ['an item that went', aRecord(undefined, anImage('running'))],
    ['an empty record', {}],
  ])('is not %s', (_what, record) => {
    expect(statusChange(record)).toBeUndefined();
  });

  it('that breaks the contract is an error, not an event', () => {
    expect(() => statusChange(aRecord(anImage('paused')))).toThrow();
  });
});

describe('publish-changes', () => {
  it('puts one event on the bus for each change of status', async () => {
    const records = [aChange(), aRecord(anImage('running'), anImage('running')), aChange()];
    const { answer, sent } = await publish(records);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(sent).toHaveLength(2);
    expect(sent[0]).toMatchObject({
      EventBusName: 'spotforge',
      Source: 'spotforge.experiments',
      DetailType: 'Experiment Status Changed',
    });
    expect(JSON.parse(sent[0]?.Detail ?? '')).toEqual(statusChange(records[0] ?? {}));
  });

  it('sends an event again that the bus refused for a moment', async () => {
    const { answer, sent } = await publish([aChange()], [REFUSED, REFUSED]);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(sent).toHaveLength(3);
  });

  it('reports exactly the records whose events the bus goes on refusing', async () => {
    const refused = aChange();
    const bus = mockClient(EventBridgeClient);
    bus.on(PutEventsCommand).callsFake(({ Entries }) => {
      const { experimentId } = JSON.parse(Entries[0].Detail);
      return experimentId === refused.dynamodb?.NewImage?.id?.S ? REFUSED : { FailedEntryCount: 0 };
    });
    const event = { Records: [aChange(), refused, aChange()] };
    expect(await publishChanges(event, { eventBridge: new EventBridgeClient(), bus: 'spotforge' })).toEqual({
      batchItemFailures: [{ itemIdentifier: refused.dynamodb?.SequenceNumber }],
    });
  });

  it('reports all of them when the bus cannot be reached', async () => {
    const bus = mockClient(EventBridgeClient);
    bus.on(PutEventsCommand).rejects(new Error('unreachable'));
    const records = [aChange(), aChange()];
    const answer = await publishChanges({ Records: records }, { eventBridge: new EventBridgeClient(), bus: 'spotforge' });
    expect(answer.batchItemFailures).toEqual(records.map(({ dynamodb }) => ({ itemIdentifier: dynamodb?.SequenceNumber })));
  });
});
