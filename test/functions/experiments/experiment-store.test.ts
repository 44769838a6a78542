import { type DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import { type ExperimentItem, experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { anExperiment } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

const clock = { now: () => new Date('2026-11-22T07:00:00.000Z') };
const aStore = () => experimentStore(aws.table, clock);
const stored = async (changes: Partial<ExperimentItem> = {}) => {
  const experiment = anExperiment(changes);
  await experimentEntity(aws.table).create(experiment).go();
  return experiment;
};
/** The real table, whose transactions are all refused. */
const refusingTransactions = (error: object) =>
  ({
    send: (command: never) =>
      (command as object) instanceof TransactWriteCommand
        ? Promise.reject(Object.assign(new Error('cancelled'), error))
        : aws.table.client.send(command),
  }) as unknown as DynamoDBDocumentClient;
const history = async (experimentId: string) => (await eventEntity(aws.table).query.ofExperiment({ experimentId }).go()).data;

describe('the experiment store', () => {
  it('writes a legal transition with its values and its history, and bumps the revision', async () => {
    const experiment = await stored();

    const changed = await aStore().transition(experiment, 'running', {
      patch: { stage: 'ingest', startedAt: '2026-11-22T06:59:59.000Z' },
      events: [
        { type: 'experiment.running', message: 'The execution started.' },
        { type: 'stage.running', stage: 'ingest', attempt: 1, message: 'Ingest started.' },
      ],
    });

    expect(changed).toEqual({
      ...experiment,
      status: 'running',
      stage: 'ingest',
      startedAt: '2026-11-22T06:59:59.000Z',
      updatedAt: '2026-11-22T07:00:00.000Z',
      revision: 2,
    });
    expect(await aStore().get(experiment.id)).toEqual(changed);
    expect(await history(experiment.id)).toMatchObject([
      { id: '000002-0', type: 'experiment.running', run: 1, at: '2026-11-22T07:00:00.000Z' },
      { id: '000002-1', type: 'stage.running', stage: 'ingest', attempt: 1 },
    ]);
  });

  it('removes what a change sets to null', async () => {
    const experiment = await stored({ waiting: { reason: 'behind others', since: '2026-11-22T06:00:00.000Z' } });
    await aStore().write(experiment, { patch: { waiting: null, executionArn: 'arn:aws:states:x' } });
    const { waiting, executionArn, revision } = (await aStore().get(experiment.id)) ?? {};
    expect({ waiting, executionArn, revision }).toEqual({ waiting: undefined, executionArn: 'arn:aws:states:x', revision: 2 });
  });

  it('refuses an illegal transition before anything is sent', async () => {
    const experiment = await stored({ status: 'succeeded' });
    await expect(aStore().transition(experiment, 'running')).rejects.toMatchObject({ name: 'IllegalTransition' });
    expect(await aStore().get(experiment.id)).toEqual(experiment);
  });

  it('writes neither status nor history when somebody else was faster', async () => {
    const experiment = await stored();
    const now = await aStore().transition(experiment, 'running');
    const late = aStore().transition(experiment, 'cancelling', { events: [{ type: 'experiment.cancelling', message: 'x' }] });
    await expect(late).rejects.toMatchObject({ name: 'ConcurrentChange' });
    expect(await aStore().get(experiment.id)).toEqual(now);
    expect(await history(experiment.id)).toEqual([]);
  });

  it('never brings an experiment into being that is not there', async () => {
    const experiment = anExperiment();
    await expect(aStore().transition(experiment, 'running')).rejects.toMatchObject({ name: 'ConcurrentChange' });
    expect(await aStore().get(experiment.id)).toBeUndefined();
  });

  it('decides again when a race was lost, so that no change gets lost', async () => {
    const experiment = await stored({ status: 'running' });
    const add = (stage: 'ingest' | 'prepare' | 'train') =>
      aStore().change(experiment.id, ({ inputs = {} }) => ({
        patch: { inputs: { ...inputs, [stage]: `s3://bucket/${stage}` } },
      }));
    await Promise.all([add('ingest'), add('prepare'), add('train')]);
    expect(await aStore().get(experiment.id)).toMatchObject({
      revision: 4,
      inputs: { ingest: 's3://bucket/ingest', prepare: 's3://bucket/prepare', train: 's3://bucket/train' },
    });
  });

  it('writes nothing when there is nothing to do, and says when there is no experiment', async () => {
    const experiment = await stored();
    expect(await aStore().change(experiment.id, () => undefined)).toEqual(experiment);
    await expect(aStore().change(anExperiment().id, () => undefined)).rejects.toMatchObject({ name: 'ExperimentNotFound' });
  });

  it('gives up after five lost races', async () => {
    const experiment = await stored();
    const canceled = { name: 'TransactionCanceledException', CancellationReasons: [{ Code: 'ConditionalCheckFailed' }] };
    const store = experimentStore({ ...aws.table, client: refusingTransactions(canceled) }, clock);
    let decided = 0;
    const losing = store.change(experiment.id, () => {
      decided++;
      return { status: 'running' };
    });
    await expect(losing).rejects.toMatchObject({ name: 'ConcurrentChange' });
    expect(decided).toBe(5);
  });

  it('does not take a transaction that can never succeed for a lost race', async () => {
    const experiment = await stored();
    const reasons = [{ Code: 'ValidationError', Message: 'Item size has exceeded the maximum' }, { Code: 'None' }];
    const canceled = { name: 'TransactionCanceledException', CancellationReasons: reasons };
    const store = experimentStore({ ...aws.table, client: refusingTransactions(canceled) }, clock);
    await expect(store.transition(experiment, 'running')).rejects.toMatchObject({
      name: 'UnexpectedAnswer',
      message: expect.stringContaining('Item size has exceeded'),
    });
  });

  it('lists what is active, leaves out what is over, and finds a resumed one again', async () => {
    const queued = await stored();
    const running = await stored({ status: 'running' });
    const failed = await stored({ status: 'failed' });
    const ids = async () => (await aStore().active()).map(({ id }) => id);
    expect(await ids()).toEqual(expect.arrayContaining([queued.id, running.id]));
    expect(await ids()).not.toContain(failed.id);

    await aStore().transition(running, 'succeeded');
    await aStore().transition(failed, 'queued', { patch: { run: 2 } });
    expect(await ids()).toContain(failed.id);
    expect(await ids()).not.toContain(running.id);
  });
});
