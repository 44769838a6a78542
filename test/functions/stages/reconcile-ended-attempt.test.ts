import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import type { StoredAttempt } from '../../../functions/stages/reconcile.ts';
import { aJob, anAttempt, aResult, ended, failed, manifestOf } from './a-job.ts';
import { AGO, at, current, decide, execution, types } from './decide-given.ts';

describe('an attempt that has ended', () => {
  it('completes its task with the winning manifest, after keeping the figures', () => {
    const job = ended(at);
    const actions = decide({
      experiment: { current },
      attempts: [anAttempt(aJob(at))],
      jobs: [job],
      execution: UNKNOWN_EXECUTION,
    });
    expect(types(actions)).toEqual(['CompleteTask', 'KeepResult', 'WriteAttempt']);
    expect(actions).toContainEqual({
      type: 'CompleteTask',
      at: job.at,
      jobId: job.jobId,
      taskToken: job.taskToken,
      manifest: manifestOf(at),
    });
  });

  it('is found by the supervisor when its event was dropped', () => {
    const actions = decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [ended(at)] });
    expect(types(actions)).toEqual(['CompleteTask', 'KeepResult', 'WriteAttempt']);
  });

  it('is reported once', () => {
    const job = ended(at);
    expect(
      decide({
        experiment: { current, inputs: { train: manifestOf(at) } },
        attempts: [anAttempt(job, { reportedAt: AGO(1) })],
        jobs: [job],
      }),
    ).toEqual([]);
  });

  it('is reported again when nobody noted that it was', () => {
    const job = ended(at);
    const actions = decide({
      experiment: { current, inputs: { train: manifestOf(at) } },
      attempts: [anAttempt(job)],
      jobs: [job],
    });
    expect(types(actions)).toEqual(['CompleteTask']);
  });

  it('fails its task with the decision of the table', () => {
    const actions = decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [failed(at, 75)] });
    expect(types(actions)).toEqual(['FailTask', 'KeepFailure', 'WriteAttempt']);
    expect(actions.find(({ type }) => type === 'FailTask')).toMatchObject({
      decision: { error: 'Stage.Interrupted', action: 'again' },
    });
  });

  it('counts what the earlier attempts of this run and stage cost, and nothing else', () => {
    const earlier = [1, 2].map((attempt) =>
      anAttempt(failed({ ...at, attempt }, 75), { error: 'Stage.Interrupted', reportedAt: AGO(60) }),
    );
    const other = anAttempt(failed({ ...at, stage: 'prepare' }, 75), { error: 'Stage.Interrupted', reportedAt: AGO(60) });
    const third = failed({ ...at, attempt: 3 }, 75);
    const fail = (attempts: StoredAttempt[]) =>
      decide({ experiment: { current: { ...current, attempt: 3 } }, attempts, jobs: [third] }).find(
        ({ type }) => type === 'FailTask',
      );
    expect(fail([...earlier, other])).toMatchObject({ decision: { action: 'fail' } });
    expect(fail([...earlier.slice(1), other])).toMatchObject({ decision: { action: 'again' } });
  });

  it.each([
    ['no result.json', { state: 'absent' as const }, /left no result\.json/],
    ['a torn result.json', { state: 'read' as const, document: undefined }, /does not follow the contract/],
    ['the result.json of another attempt', aResult({ ...at, attempt: 2 }), /belongs to attempt 1\/train\/2/],
    [
      'figures that no such stage has',
      { state: 'read' as const, document: { ...(aResult(at).document as object), summary: { mae: 'good' } } },
      /its summary does not follow the contract/,
    ],
  ])('broke its contract when it ended with 0 and left %s', (_what, result, message) => {
    const actions = decide({ experiment: { current }, jobs: [ended(at, { result })] });
    expect(actions.find(({ type }) => type === 'FailTask')).toMatchObject({
      decision: { error: 'Stage.ContractBroken', action: 'fail', message: expect.stringMatching(message) },
    });
  });

  it('keeps its result, and tells nobody, when its execution is over', () => {
    const actions = decide({ experiment: { current }, jobs: [ended(at)], execution: execution('ABORTED') });
    expect(types(actions)).toContain('KeepResult');
    expect(types(actions)).not.toContain('CompleteTask');
  });

  it('tells nobody when Batch no longer knows its token', () => {
    expect(types(decide({ experiment: { current }, jobs: [ended(at, { taskToken: null })] }))).not.toContain('CompleteTask');
  });
});
