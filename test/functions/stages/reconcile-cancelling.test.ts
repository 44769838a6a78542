import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import { aJob, anAttempt, ended, failed } from './a-job.ts';
import { ABSENT, at, current, decide, execution, types } from './decide-given.ts';

describe('cancelling', () => {
  const cancelling = { status: 'cancelling' as const, current };

  it('stops the execution and ends every job', () => {
    const jobs = [aJob(at), aJob({ ...at, stage: 'prepare' })];
    expect(types(decide({ experiment: cancelling, attempts: jobs.map((job) => anAttempt(job)), jobs }))).toEqual([
      'StopExecution',
      'TerminateJob',
      'TerminateJob',
    ]);
  });

  it('is done once nothing is alive', () => {
    const cancelled = failed(at, 143, { statusReason: 'Stage.Cancelled: the experiment was cancelled' });
    const actions = decide({
      experiment: cancelling,
      attempts: [anAttempt(aJob(at))],
      jobs: [cancelled],
      execution: execution('ABORTED'),
    });
    expect(types(actions)).toEqual(['Close', 'KeepFailure', 'WriteAttempt']);
  });

  it('stops an execution that nobody can see before it closes: it may have been started a moment ago', () => {
    expect(decide({ experiment: cancelling, execution: ABSENT })).toEqual([
      { type: 'StopExecution', run: 1 },
      { type: 'Close', run: 1, status: 'cancelled' },
    ]);
  });

  it('takes a job that is alive as a sign that its execution may run, even after it was cancelled', () => {
    for (const status of ['cancelling', 'cancelled'] as const) {
      const seen = { experiment: { status, current }, attempts: [anAttempt(aJob(at))], jobs: [aJob(at)], complete: false };
      expect(types(decide({ ...seen, execution: UNKNOWN_EXECUTION }))).toEqual(['StopExecution', 'TerminateJob']);
      expect(types(decide({ ...seen, execution: execution('ABORTED') }))).toEqual(['TerminateJob']);
    }
  });

  it('leaves the job of a run that was resumed since: what was read is not about it', () => {
    const resumed = aJob({ ...at, run: 2 });
    for (const status of ['cancelling', 'cancelled', 'failed', 'running'] as const)
      expect(decide({ experiment: { status, current }, jobs: [resumed], complete: false, execution: UNKNOWN_EXECUTION })).toEqual(
        [],
      );
  });

  it('is not done while only one event was looked at', () => {
    expect(decide({ experiment: cancelling, execution: execution('ABORTED'), complete: false })).toEqual([]);
  });

  it('reports nothing, not even success', () => {
    for (const job of [ended(at), failed(at, 64)])
      expect(types(decide({ experiment: cancelling, jobs: [job] }))).toEqual(['KeepFailure', 'StopExecution', 'WriteAttempt']);
  });

  it('stops an execution that started after all was cancelled', () => {
    expect(decide({ experiment: { status: 'cancelled' } })).toEqual([{ type: 'StopExecution', run: 1 }]);
  });
});
