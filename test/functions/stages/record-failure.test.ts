import { ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REMEDIES } from '../../../functions/stages/failure-remedies.ts';
import { recordFailure } from '../../../functions/stages/record-failure.ts';
import { anObserver, detailOf } from './an-observer.ts';

let given: Awaited<ReturnType<typeof anObserver>>;
beforeAll(async () => {
  given = await anObserver();
});
beforeEach(() => {
  given.batch.reset();
  given.batch.on(ListJobsCommand).resolves({});
});

const record = (experimentId: string, changes: object = {}) =>
  recordFailure(
    { experimentId, run: 1, stage: 'train', attempt: 1, error: 'States.Timeout', cause: '', ...changes },
    { store: given.observer.store, batch: given.observer.batch },
  );

describe('record-failure', () => {
  it('keeps a time-out as ours, with what to do, and ends the job that goes on', async () => {
    const { id } = await given.store();
    const job = detailOf({ experimentId: id });
    given.batch.on(ListJobsCommand).resolves({
      jobSummaryList: [job, detailOf({ experimentId: id, attempt: 2 }), { ...job, jobId: 'over', status: 'FAILED' }],
    });
    await record(id);
    expect(await given.stored(id)).toMatchObject({
      status: 'running',
      failure: {
        error: 'Stage.TimedOut',
        stage: 'train',
        attempt: 1,
        remedy: REMEDIES['Stage.TimedOut'],
        message: expect.stringMatching(/not over within/),
      },
    });
    expect(given.batch.commandCalls(TerminateJobCommand).map(({ args }) => args[0].input)).toEqual([
      { jobId: 'job-1-train-1', reason: 'Stage.TimedOut: the pipeline stopped waiting' },
    ]);
  });

  it('does not replace what the end of the job told: that knows where, and what to do', async () => {
    const failure = {
      error: 'Stage.InvalidInput',
      stage: 'train' as const,
      attempt: 1,
      message: 'm',
      where: 'row 7',
      remedy: 'r',
      diagnostics: [],
    };
    const { id } = await given.store({ failure });
    await record(id, { error: 'Stage.InvalidInput', cause: JSON.stringify({ message: 'm' }) });
    expect(await given.stored(id)).toMatchObject({ failure, revision: 1 });
  });

  it('keeps what Batch itself refused', async () => {
    const { id } = await given.store();
    await record(id, { error: 'Batch.ClientException', cause: 'JobQueue x not found' });
    await record(id, { error: 'Batch.ClientException', cause: 'JobQueue x not found' });
    expect(await given.stored(id)).toMatchObject({
      failure: { error: 'Batch.ClientException', message: 'JobQueue x not found' },
      revision: 2,
    });
    expect(await given.history(id)).toEqual(['stage.failed']);
  });

  it('takes a failure outside of any stage', async () => {
    const { id } = await given.store();
    await record(id, { stage: null, attempt: null, error: 'Lambda.Unknown', cause: 'x' });
    expect(await given.stored(id)).toMatchObject({ failure: { stage: null, attempt: null } });
    expect(given.batch.calls()).toHaveLength(0);
  });

  it('changes nothing of an experiment that is over or runs anew', async () => {
    const over = await given.store({ status: 'cancelled' });
    const anew = await given.store({ run: 2 });
    await record(over.id);
    await record(anew.id);
    for (const { id } of [over, anew]) expect(await given.stored(id)).toMatchObject({ revision: 1 });
  });

  it('keeps the failure although Batch is away', async () => {
    const { id } = await given.store();
    given.batch.on(ListJobsCommand).rejects(new Error('away'));
    await record(id);
    expect(await given.stored(id)).toMatchObject({ failure: { error: 'Stage.TimedOut' } });
  });

  it('refuses what the state machine never sends', async () => {
    await expect(record('nobody')).rejects.toThrow(/experiment id/);
  });
});
