import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentChange } from '../../../../functions/experiments/experiment-store.ts';
import { STATUSES } from '../../../../functions/shared/contracts/experiment-view.ts';
import { type ExperimentItem, experimentEntity } from '../../../../functions/shared/table/experiment.ts';
import { type StageStore, stageStore } from '../../../../functions/stages/stage-store.ts';
import { anExperiment } from '../../an-experiment.ts';
import { type LocalAws, localAws } from '../../local-aws.ts';
import { aJob, NOW, someProgress } from '../a-job.ts';
import { SimulatedTable, simulatedStore } from './simulated-table.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

type Step = (store: StageStore, read: ExperimentItem) => Promise<unknown>;

const time = fc.constantFrom(null, NOW.getTime() - 2_000, NOW.getTime() - 1_000);
/** As Batch tells it: only what has run has a start, and only what has failed an error. */
const attempt = fc
  .record({
    attempt: fc.constantFrom(1, 2),
    jobId: fc.constantFrom('job-a', 'job-b'),
    status: fc.constantFrom('SUBMITTED', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED'),
    createdAt: time,
    startedAt: time,
    error: fc.constantFrom(null, 'Stage.Failed', 'Stage.Hung'),
  })
  .map(({ startedAt, error, ...said }) => ({
    ...said,
    startedAt: ['RUNNING', 'SUCCEEDED', 'FAILED'].includes(said.status) ? startedAt : null,
    error: said.status === 'FAILED' ? error : null,
  }));
const change: fc.Arbitrary<ExperimentChange> = fc.record(
  {
    status: fc.constantFrom(...STATUSES),
    patch: fc.record(
      { stage: fc.constantFrom('train', null), waiting: fc.constantFrom({ reason: 'r', since: 's' }, null) },
      { requiredKeys: [] },
    ),
    events: fc.constant([{ type: 'stage.failed', stage: 'train', attempt: 1, message: 'm' } as const]),
  },
  { requiredKeys: [] },
);

/** What a store answers, or the name of what it throws. */
const outcome = async (asked: Promise<unknown>): Promise<unknown> => {
  try {
    return { answers: await asked };
  } catch (error) {
    return { throws: (error as Error).name };
  }
};

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: attempt.map(
      ({ error, attempt: number, ...changes }): Step =>
        (store, { id }) =>
          store.writeAttempt({
            type: 'WriteAttempt',
            job: aJob({ experimentId: id, attempt: number }, changes),
            error,
            rung: 0,
            microBatchDivisor: 1,
          }),
    ),
  },
  {
    weight: 2,
    arbitrary: attempt.map(
      ({ attempt: number, jobId }): Step =>
        (store, { id }) =>
          store.markReported({ experimentId: id, run: 1, stage: 'train', attempt: number }, jobId),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(change, fc.boolean()).map(
      ([changed, stale]): Step =>
        async (store, read) => {
          const now = stale ? read : await store.experiments.get(read.id);
          return now && store.experiments.write(now, changed);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ attempt: fc.constantFrom(1, 2), sequence: fc.nat(3), step: fc.nat(2) }).map(
      ({ attempt: number, ...changes }): Step =>
        (store, { id }) =>
          store.keepProgress(someProgress({ experimentId: id, attempt: number }, { ...changes, at: NOW.toISOString() })),
    ),
  },
);

describe('the simulated table', () => {
  it('answers and keeps what the real one does', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 8, maxLength: 16 }), async (taken) => {
        const experiment = anExperiment();
        await experimentEntity(aws.table).create(experiment).go();
        const real = stageStore(aws.table, { now: () => NOW });
        const table = new SimulatedTable(experiment, () => NOW.getTime());
        const simulated = simulatedStore(table, async (_what, effect) => effect(), 'test');
        for (const step of taken)
          expect(await outcome(step(simulated, experiment))).toEqual(await outcome(step(real, experiment)));
        const [is, shouldBe] = await Promise.all(
          [simulated, real].map(async ({ experiments, attemptsOf, keptProgress }) => {
            const kept = await keptProgress(experiment.id);
            return {
              experiment: await experiments.get(experiment.id),
              attempts: await attemptsOf(experiment.id, 1),
              progress: kept && { progress: kept.progress, movedAt: kept.movedAt },
            };
          }),
        );
        expect(is).toEqual(shouldBe);
      }),
      { numRuns: 15 },
    );
  });
});
