import { DescribeJobsCommand, type JobDetail, ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptId } from '../../../functions/shared/contracts/names.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import type { Observer } from '../../../functions/stages/observer.ts';
import { stageStore } from '../../../functions/stages/stage-store.ts';
import { superviseExperiments } from '../../../functions/stages/supervise-experiments.ts';
import { trackJob } from '../../../functions/stages/track-job.ts';
import { byStage } from '../an-experiment.ts';
import { NOW, someProgress } from './a-job.ts';
import { anEvent, anObserver, detailOf } from './an-observer.ts';

const HANG_SECONDS = 180;
const MINUTE = 60;
const current = { run: 1, stage: 'train', attempt: 1 } as const;

let given: Awaited<ReturnType<typeof anObserver>>;
beforeEach(async () => {
  given = await anObserver();
});

/** An observer in simulated time, `seconds` after NOW. */
const observerAt = (seconds: () => number): Observer => {
  const clock = { now: () => new Date(NOW.getTime() + seconds() * 1000) };
  return {
    ...given.observer,
    clock,
    store: stageStore(given.aws.table, clock),
    limits: { hangSeconds: byStage(() => HANG_SECONDS), startAfterSeconds: 60 },
  };
};

const batchHas = (jobs: readonly JobDetail[]) => {
  given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
  given.batch.on(ListJobsCommand).callsFake(({ filters, jobStatus }) => {
    const prefix = filters?.[0]?.values[0].replace('*', '');
    return { jobSummaryList: jobs.filter((job) => (prefix ? job.jobName?.startsWith(prefix) : job.status === jobStatus)) };
  });
  given.batch.on(DescribeJobsCommand).callsFake(({ jobs: ids }) => ({ jobs: jobs.filter(({ jobId }) => ids.includes(jobId)) }));
};

type Worker = {
  /** The step after so many seconds. */
  step: (seconds: number) => number;
  /** How wrong the container's clock is, in seconds. */
  skew?: number;
};

const WORKERS: Record<string, Worker> = {
  steady: { step: (seconds) => Math.floor(seconds / 5) },
  slow: { step: (seconds) => Math.floor(seconds / (HANG_SECONDS - MINUTE)) },
  'an hour behind': { step: (seconds) => Math.floor(seconds / 5), skew: -3600 },
  'an hour ahead': { step: (seconds) => Math.floor(seconds / 5), skew: 3600 },
  hangs: { step: (seconds) => Math.floor(Math.min(seconds, 700) / 5) },
  'hangs, an hour ahead': { step: (seconds) => Math.floor(Math.min(seconds, 700) / 5), skew: 3600 },
};

describe('with every progress event lost for ten hang limits', () => {
  it('no healthy job is ended, and every hung one within its limit and two looks', async () => {
    let seconds = 0;
    const observer = observerAt(() => seconds);
    const started = NOW.getTime();
    const working = await Promise.all(
      Object.entries(WORKERS).map(async ([name, worker]) => {
        const { id } = await given.store({ current });
        const at = { experimentId: id, ...current };
        return { name, worker, at, job: detailOf(at, { jobId: name, startedAt: started }) };
      }),
    );
    const endedAt = new Map<string, number>();
    for (; seconds <= 10 * HANG_SECONDS; seconds += MINUTE) {
      const alive = working.filter(({ name }) => !endedAt.has(name));
      batchHas(alive.map(({ job }) => job));
      // Alive in each of them: the process goes on reporting, whether it gets anywhere or not.
      for (const { at, worker } of alive) {
        const own = new Date(started + (seconds + (worker.skew ?? 0)) * 1000).toISOString();
        await given.put(at, 'progress', someProgress(at, { sequence: seconds, step: worker.step(seconds), at: own }));
      }
      await superviseExperiments({}, observer);
      for (const { args } of given.batch.commandCalls(TerminateJobCommand)) {
        const { jobId = '', reason } = args[0].input;
        expect(reason).toMatch(/^Stage\.Hung: no progress for 180 s, last at step 140 of 100$/);
        if (!endedAt.has(jobId)) endedAt.set(jobId, seconds);
      }
    }
    expect([...endedAt.keys()].sort()).toEqual(['hangs', 'hangs, an hour ahead']);
    for (const at of endedAt.values()) {
      expect(at).toBeGreaterThan(700 + HANG_SECONDS - MINUTE);
      expect(at).toBeLessThanOrEqual(700 + HANG_SECONDS + 2 * MINUTE);
    }
  });
});

describe('the supervisor', () => {
  it('adopts progress whose event was lost, as of when it saw it', async () => {
    const { id } = await given.store({ current });
    const at = { experimentId: id, ...current };
    await given.put(at, 'progress', someProgress(at, { at: '1970-01-01T00:00:00.000Z' }));
    batchHas([detailOf(at, { startedAt: NOW.getTime() })]);
    const observer = observerAt(() => 100);
    await superviseExperiments({}, observer);
    expect(await observer.store.keptProgress(id)).toMatchObject({
      movedAt: new Date(NOW.getTime() + 100_000).toISOString(),
      progress: { step: 10 },
    });
  });
});

describe('the stack dump of a hung attempt', () => {
  const statusReason = 'Stage.Hung: no progress for 180 s, last at step 10 of 100';
  const hung = (at: AttemptId) => detailOf(at, { status: 'FAILED', exitCode: 143, statusReason, stoppedAt: NOW.getTime() });
  const uriOf = (at: AttemptId) =>
    `s3://${given.aws.buckets.experiments}/experiments/${at.experimentId}/${at.stage}/r${at.run}-${at.attempt}/stacks.txt`;
  const messages = async (experimentId: string) =>
    (await eventEntity(given.aws.table).query.ofExperiment({ experimentId }).go({ pages: 'all' })).data.map(
      ({ message }) => message,
    );

  it.each(['the event', 'the supervisor'])('is linked from its failure when %s tells of its end', async (teller) => {
    const { id, spec } = await given.store({ current });
    const once = { ...spec, compute: { ...spec.compute, maxAttempts: 1 } };
    const last = await given.store({ current, spec: once });
    for (const experimentId of [id, last.id]) {
      const at = { experimentId, ...current };
      await given.put(at, 'stacks', 'Thread 0x1 (most recent call first): …');
      batchHas([hung(at)]);
      if (teller === 'the event') await trackJob(anEvent('Batch Job State Change', hung(at)), given.observer);
    }
    if (teller === 'the supervisor') {
      batchHas([id, last.id].map((experimentId) => hung({ experimentId, ...current })));
      await superviseExperiments({}, given.observer);
    }
    expect(await messages(id)).toContain(`${statusReason} See ${uriOf({ experimentId: id, ...current })}. Trying again.`);
    expect((await given.stored(last.id)).failure).toMatchObject({
      error: 'Stage.Hung',
      diagnostics: [uriOf({ experimentId: last.id, ...current })],
    });
  });

  it('is not linked where there is none', async () => {
    const { id } = await given.store({ current });
    await trackJob(anEvent('Batch Job State Change', hung({ experimentId: id, ...current })), given.observer);
    expect(await messages(id)).toContain(`${statusReason} Trying again.`);
  });
});
