import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import type { JobView } from '../../../functions/stages/job-view.ts';
import { NO_PROGRESS, reconcile } from '../../../functions/stages/reconcile.ts';
import { aJob, anAttempt, ended, failed, LIMITS, NOW } from './a-job.ts';
import { at, current, decide, ID, types } from './decide-given.ts';

describe('fencing', () => {
  const second = { ...current, attempt: 2 };

  it('never reports an older attempt, whatever it says', () => {
    for (const job of [ended(at), failed(at, 75), failed(at, 1)])
      expect(decide({ experiment: { current: second }, jobs: [job], execution: UNKNOWN_EXECUTION, complete: false })).toEqual([]);
  });

  it('ends an older attempt that is alive', () => {
    expect(decide({ experiment: { current: second }, jobs: [aJob(at)], complete: false, execution: UNKNOWN_EXECUTION })).toEqual([
      { type: 'TerminateJob', jobId: aJob(at).jobId, reason: 'Stage.Superseded: another attempt has taken its place' },
    ]);
  });

  it('ends a job of an older run and leaves the current run alone', () => {
    const old = aJob({ ...at, run: 1, stage: 'bundle', attempt: 9 });
    const actions = decide({ experiment: { run: 2, current: { run: 2, stage: 'ingest', attempt: 1 } }, jobs: [old] });
    expect(actions).toEqual([{ type: 'TerminateJob', jobId: old.jobId, reason: expect.stringMatching(/^Stage\.Superseded: /) }]);
  });

  it('takes the highest of stage order and attempt for the current one, not the latest in time', () => {
    const actions = decide({ jobs: [aJob({ ...at, stage: 'export' }, { createdAt: 0 }), aJob(at)] });
    expect(actions).toContainEqual(expect.objectContaining({ type: 'EnterAttempt', at: { ...at, ...current, stage: 'export' } }));
    expect(actions).toContainEqual(expect.objectContaining({ type: 'TerminateJob', jobId: 'job-1-train-1' }));
  });

  it('does not take a late picture of the current job for another job', () => {
    const late = aJob(at, { status: 'RUNNABLE', startedAt: null });
    expect(decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [late], complete: false })).toEqual([]);
  });

  it('follows the later of two jobs of one name, and ends the earlier: its token is worth nothing', () => {
    const first = aJob(at, { jobId: 'first', createdAt: 1 });
    const again = ended(at, { jobId: 'second', createdAt: 2 });
    const actions = decide({ experiment: { current }, attempts: [anAttempt(first)], jobs: [first, again] });
    expect(actions).toContainEqual(expect.objectContaining({ type: 'CompleteTask', jobId: 'second' }));
    expect(actions).toContainEqual(expect.objectContaining({ type: 'TerminateJob', jobId: 'first' }));
    expect(
      types(
        decide({
          experiment: { current },
          attempts: [anAttempt(again)],
          jobs: [ended(at, { jobId: 'first', createdAt: 1 })],
          complete: false,
        }),
      ),
    ).toEqual([]);
  });
});

describe('a job without an experiment', () => {
  const orphan = (job: JobView) =>
    reconcile(
      { experiment: undefined, attempts: [] },
      { jobs: [job], complete: false },
      UNKNOWN_EXECUTION,
      NO_PROGRESS,
      NOW,
      LIMITS,
    );

  it('is ended once it is older than any experiment takes to be stored', () => {
    expect(orphan(aJob(at, { createdAt: NOW.getTime() - 61_000 }))).toMatchObject([
      { type: 'TerminateJob', reason: `Stage.Superseded: there is no experiment ${ID}` },
    ]);
  });

  it('is left alone while it is young, and when it has ended', () => {
    expect(orphan(aJob(at))).toEqual([]);
    expect(orphan(ended(at, { createdAt: 0 }))).toEqual([]);
  });
});
