import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { experimentReader } from '../../functions/experiments/experiment-reader.ts';
import { submissionStore } from '../../functions/experiments/submission-store.ts';
import { isTransient } from '../../functions/shared/aws-errors.ts';
import type { Table } from '../../functions/shared/table/table.ts';
import { stageStore } from '../../functions/stages/stage-store.ts';
import { anExperiment, anId } from './an-experiment.ts';
import { localAws } from './local-aws.ts';
import { memoryTable } from './memory-table.ts';
import { aJob, ended, failed, someProgress } from './stages/a-job.ts';

let emulated: Table;
beforeAll(async () => {
  emulated = (await localAws()).table;
});

const clock = { now: () => new Date('2026-11-22T07:00:00.000Z') };

/** What the stores may be asked; each answers with what can be compared, or with the name of its error. */
const operations = (table: Table, id: string) => {
  const store = stageStore(table, clock);
  const reader = experimentReader(table);
  const submissions = submissionStore(table);
  const experiment = anExperiment({ id });
  const at = { experimentId: id, run: 1, stage: 'train', attempt: 1 } as const;
  const key = { tenant: id, route: 'r', key: 'k' };
  const answer = { requestSha256: 'x', status: 202, body: '{}', location: '/', createdAt: experiment.createdAt };
  const attempt = (job: ReturnType<typeof aJob>, error: 'Stage.Failed' | null = null) =>
    store.writeAttempt({ type: 'WriteAttempt', job, error, rung: 0, microBatchDivisor: 1 });
  const stored = () => store.experiments.get(id).then((found) => found ?? experiment);
  return {
    create: () => submissions.store(experiment, { ...key, ...answer }),
    findKey: () => submissions.findKey(key),
    run: async () => store.experiments.write(await stored(), { status: 'running', patch: { stage: 'train' } }),
    fail: async () => store.experiments.write(await stored(), { status: 'failed', events: [{ type: 'x', message: 'y' }] }),
    resume: async () =>
      store.experiments.write(await stored(), { status: 'queued', patch: { run: 2, stage: null } }, () => ({
        ...key,
        ...answer,
      })),
    outdated: () => store.experiments.write({ ...experiment, status: 'running' }, { status: 'cancelling' }),
    waiting: () => attempt(aJob(at, { status: 'RUNNABLE', startedAt: null })),
    running: () => attempt(aJob(at)),
    ended: () => attempt(ended(at)),
    failed: () => attempt(failed(at, 1), 'Stage.Failed'),
    later: () => attempt(aJob(at, { jobId: 'later', createdAt: Date.parse('2026-11-22T06:59:50.000Z') })),
    report: () => store.markReported(at, 'job-1-train-1'),
    progress: () => store.keepProgress(someProgress(at)),
    moreProgress: () => store.keepProgress(someProgress(at, { sequence: 2, step: 11 })),
    attempts: () => store.attemptsOf(id, 1),
    history: () => reader.history(id, { limit: 3 }),
    view: async () => reader.withDetails(await stored()),
    active: async () => (await store.experiments.active()).filter((active) => active.id === id).map(({ status }) => status),
  };
};

describe('the table in memory', () => {
  it('answers the stores as the emulated one does', async () => {
    const names = Object.keys(operations(memoryTable(), anId())) as (keyof ReturnType<typeof operations>)[];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...names), { minLength: 5, maxLength: 30 }), async (asked) => {
        const id = anId();
        const [memory, real] = [operations(memoryTable(), id), operations(emulated, id)];
        for (const name of ['create' as const, ...asked]) {
          const outcome = (play: typeof real) =>
            play[name]().then(
              (value) => ({ value }),
              (error: Error) => ({ error: error.name, throttled: isTransient(error) }),
            );
          expect([name, await outcome(memory)]).toEqual([name, await outcome(real)]);
        }
      }),
      { numRuns: 15 },
    );
  });
});
