import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import type { ProgressView } from '../../../functions/stages/reconcile.ts';
import { aJob, anAttempt, NOW, someProgress } from './a-job.ts';
import { AGO, at, current, decide, type Given, types } from './decide-given.ts';

describe('a hung stage', () => {
  const running = aJob(at, { startedAt: NOW.getTime() - 3_600_000 });
  const watch = (progress: ProgressView, changes: Given = {}) =>
    decide({ experiment: { current }, attempts: [anAttempt(running)], jobs: [running], progress, ...changes });
  const still = someProgress(at, { sequence: 5, at: AGO(700) });
  const kept = { progress: still, movedAt: AGO(700) };

  it('is ended with a reason that starts with the name of the error', () => {
    expect(watch({ kept, document: still })).toEqual([
      { type: 'TerminateJob', jobId: running.jobId, reason: 'Stage.Hung: no progress for 600 s, last at step 10 of 100' },
    ]);
  });

  it('is not hung because its events were lost: progress.json moved', () => {
    const moved = someProgress(at, { sequence: 9, step: 11, at: AGO(5) });
    expect(watch({ kept, document: moved })).toEqual([{ type: 'KeepProgress', progress: moved }]);
  });

  it('is hung although it is alive: a rising sequence is no progress', () => {
    const alive = someProgress(at, { sequence: 99, at: AGO(1) });
    expect(types(watch({ kept, document: alive }))).toEqual(['KeepProgress', 'TerminateJob']);
  });

  it('is given its time within the limit', () => {
    expect(watch({ kept: { ...kept, movedAt: AGO(599) }, document: still })).toEqual([]);
  });

  it('is judged from its own start when it never reported', () => {
    expect(watch({ kept: undefined, document: 'absent' })).toMatchObject([
      { reason: expect.stringMatching(/before it reported anything$/) },
    ]);
    const young = aJob(at, { startedAt: NOW.getTime() - 1_000 });
    expect(
      watch(
        { kept: { progress: someProgress({ ...at, attempt: 7 }), movedAt: AGO(9_999) }, document: 'absent' },
        { jobs: [young], attempts: [anAttempt(young)] },
      ),
    ).toEqual([]);
  });

  it('is not judged while progress.json cannot be read, or the execution is not known to run', () => {
    expect(watch({ kept, document: 'unknown' })).toEqual([]);
    expect(watch({ kept, document: still }, { execution: UNKNOWN_EXECUTION })).toEqual([]);
  });
});
