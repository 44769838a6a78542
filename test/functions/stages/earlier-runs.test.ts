import { DescribeJobsCommand, type JobDetail, ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { DescribeExecutionCommand, SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ExperimentItem } from '../../../functions/shared/table/experiment.ts';
import { recordFailure } from '../../../functions/stages/record-failure.ts';
import { recordProgress } from '../../../functions/stages/record-progress.ts';
import { superviseExperiments } from '../../../functions/stages/supervise-experiments.ts';
import { trackExecution } from '../../../functions/stages/track-execution.ts';
import { trackJob } from '../../../functions/stages/track-job.ts';
import { aJob, aResult, someProgress } from './a-job.ts';
import { anEvent, anObserver, detailOf } from './an-observer.ts';

let given: Awaited<ReturnType<typeof anObserver>>;
let resumed: ExperimentItem;
beforeEach(async () => {
  given = await anObserver();
  resumed = await given.store({ run: 2, current: { run: 2, stage: 'train', attempt: 1 }, revision: 9 });
  given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
});

const old = { run: 1, stage: 'train', attempt: 1 } as const;
const current = { run: 2, stage: 'train', attempt: 1 } as const;
const detail = (at: typeof old | typeof current, changes: Parameters<typeof detailOf>[1] = {}) =>
  detailOf({ experimentId: resumed.id, ...at }, { createdAt: Date.now(), startedAt: Date.now(), ...changes });
const batchHas = (...jobs: JobDetail[]) => {
  given.batch.on(ListJobsCommand).callsFake(({ filters, jobStatus }) => ({
    jobSummaryList: jobs.filter((job) => (filters ? true : job.status === jobStatus)),
  }));
  given.batch.on(DescribeJobsCommand).callsFake(({ jobs: ids }) => ({ jobs: jobs.filter(({ jobId }) => ids.includes(jobId)) }));
};
const job = (at: typeof old | typeof current, changes: Parameters<typeof detailOf>[1] = {}) =>
  trackJob(anEvent('Batch Job State Change', detail(at, changes)), given.observer);
const execution = (run: number, status: string) =>
  trackExecution(anEvent('Step Functions Execution Status Change', { name: `${resumed.id}-r${run}`, status }), given.observer);
const terminated = () => given.batch.commandCalls(TerminateJobCommand).map(({ args }) => args[0].input);
const reports = () => [
  ...given.stepFunctions.commandCalls(SendTaskSuccessCommand),
  ...given.stepFunctions.commandCalls(SendTaskFailureCommand),
];

describe('what comes from a run before the resume', () => {
  it.each(['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'])('changes nothing as the end of its execution: %s', async (status) => {
    batchHas(detail(current));
    await execution(1, status);
    expect(await given.stored(resumed.id)).toMatchObject({ status: 'running', run: 2 });
    expect((await given.history(resumed.id)).filter((type) => type.startsWith('experiment.'))).toEqual([]);
    expect(terminated()).toEqual([]);
  });

  it('does not make the current attempt look as if it had left no result', async () => {
    await given.put(
      { experimentId: resumed.id, ...current },
      'result',
      aResult({ experimentId: resumed.id, ...current }).document,
    );
    batchHas(detail(current, { status: 'SUCCEEDED', exitCode: 0 }));
    await execution(1, 'FAILED');
    const stored = await given.stored(resumed.id);
    expect(stored).not.toHaveProperty('failure');
    expect(Object.keys(stored.inputs ?? {})).toEqual(['train']);
    expect(given.stepFunctions.commandCalls(SendTaskSuccessCommand)).toHaveLength(1);
  });

  it('is not taken over as a result, nor reported', async () => {
    const at = { experimentId: resumed.id, ...old };
    await given.put(at, 'result', aResult(at).document);
    await job(old, { status: 'SUCCEEDED', exitCode: 0 });
    expect(await given.stored(resumed.id)).toEqual(resumed);
    expect(reports()).toEqual([]);
  });

  it('is terminated if it is alive, whoever notices it', async () => {
    await job(old);
    expect(terminated()).toEqual([{ jobId: 'job-1-train-1', reason: 'Stage.Superseded: another attempt has taken its place' }]);
    batchHas(detail(old), detail(current));
    await superviseExperiments({}, given.observer);
    expect(terminated().map(({ jobId }) => jobId)).toEqual(['job-1-train-1', 'job-1-train-1']);
  });

  it.each(['an event', 'the supervisor'])('is kept as to how its attempt ended, by %s', async (who) => {
    const running = aJob({ experimentId: resumed.id, ...old });
    await given.observer.store.writeAttempt({ type: 'WriteAttempt', job: running, error: null, rung: 0, microBatchDivisor: 1 });
    const over = { status: 'FAILED', exitCode: 137, stoppedAt: Date.now() } as const;
    batchHas(detail(old, over), detail(current));
    if (who === 'an event') await job(old, over);
    else await superviseExperiments({}, given.observer);
    expect(await given.observer.store.attemptsOf(resumed.id, 1)).toMatchObject([{ status: 'FAILED', exitCode: 137 }]);
  });

  it('is not shown as progress', async () => {
    await recordProgress(anEvent('Stage Progress', someProgress({ experimentId: resumed.id, ...old })), given.observer);
    expect(await given.observer.store.keptProgress(resumed.id)).toBeUndefined();
  });

  it('is not the failure of the new run', async () => {
    batchHas();
    await recordFailure({ experimentId: resumed.id, ...old, error: 'States.Timeout', cause: '' }, given.observer);
    expect(await given.stored(resumed.id)).toEqual(resumed);
  });
});
