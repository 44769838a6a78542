import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import { aJob, anAttempt, ended, failed } from './a-job.ts';
import { ABSENT, AGO, at, current, decide, execution, types } from './decide-given.ts';

describe('closing', () => {
  const bundle = {
    bundleUri: 's3://releases/b/',
    bundleSha256: 'a'.repeat(64),
    version: 4,
    bytes: 1,
    preferred: 'int8' as const,
  };

  it('succeeds with the bundle', () => {
    expect(decide({ experiment: { stages: { bundle } }, execution: execution('SUCCEEDED') })).toEqual([
      { type: 'Close', run: 1, status: 'succeeded', bundle: { uri: bundle.bundleUri, sha256: bundle.bundleSha256, version: 4 } },
    ]);
  });

  it('takes the bundle from the result that this very pass found', () => {
    const actions = decide({ jobs: [ended({ ...at, stage: 'bundle' })], execution: execution('SUCCEEDED') });
    expect(actions).toContainEqual(expect.objectContaining({ type: 'Close', bundle: expect.objectContaining({ version: 1 }) }));
  });

  const failure = { stage: 'train' as const, attempt: 1, message: 'm', where: null, remedy: null, diagnostics: [] };

  it.each([
    ['Stage.Diverged', 'failed'],
    ['Stage.GateRejected', 'rejected'],
  ])('ends with what was recorded: %s is %s', (error, status) => {
    expect(decide({ experiment: { failure: { ...failure, error } }, execution: execution('FAILED', 'x', 'y') })).toEqual([
      { type: 'Close', run: 1, status, failure: { ...failure, error } },
    ]);
  });

  it("falls back on the execution's own words, a failure's cause among them", () => {
    const cause = JSON.stringify({ action: 'reject', rung: 0, microBatchDivisor: 1, delaySeconds: 0, message: 'too far off' });
    expect(decide({ execution: execution('FAILED', 'Stage.GateRejected', cause) })).toMatchObject([
      { status: 'rejected', failure: { message: 'too far off', error: 'Stage.GateRejected' } },
    ]);
    expect(decide({ execution: execution('FAILED', 'States.Runtime', 'no such variable') })).toMatchObject([
      { status: 'failed', failure: { message: 'no such variable', remedy: expect.stringMatching(/pipeline itself/) } },
    ]);
    expect(decide({ execution: execution('FAILED') })).toMatchObject([
      { failure: { message: 'The pipeline ended with States.Runtime.' } },
    ]);
  });

  it('fails an execution that ran out of time', () => {
    expect(decide({ execution: execution('TIMED_OUT') })).toMatchObject([
      { status: 'failed', failure: { error: 'Stage.TimedOut' } },
    ]);
  });

  it('cancels what was stopped in the console, and ends its jobs first', () => {
    expect(
      types(
        decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [aJob(at)], execution: execution('ABORTED') }),
      ),
    ).toEqual(['BeginCancelling', 'TerminateJob']);
    expect(types(decide({ execution: execution('ABORTED') }))).toEqual(['BeginCancelling', 'Close']);
  });

  it('terminates a job whose execution is gone', () => {
    const gone = {
      experiment: { current, updatedAt: AGO(61) },
      attempts: [anAttempt(aJob(at))],
      jobs: [aJob(at)],
      execution: ABSENT,
    };
    expect(types(decide(gone))).toEqual(['Close', 'TerminateJob']);
    expect(decide({ ...gone, experiment: { current, updatedAt: AGO(5) } })).toEqual([]);
  });

  it('is over when it is over: nothing happens but the end of what is still alive', () => {
    const over = ended(at);
    const alive = { attempts: [anAttempt(aJob(at))], jobs: [aJob(at)] };
    const cancelled = { status: 'cancelled' as const, current };
    expect(decide({ experiment: cancelled, attempts: [anAttempt(over)], jobs: [over], execution: execution('ABORTED') })).toEqual(
      [],
    );
    expect(decide({ experiment: cancelled, ...alive, execution: execution('ABORTED') })).toMatchObject([
      { type: 'TerminateJob' },
    ]);
    expect(decide({ experiment: { status: 'failed', current }, ...alive })).toEqual([
      { type: 'TerminateJob', jobId: over.jobId, reason: 'Stage.Superseded: the experiment has ended as failed' },
    ]);
  });

  it('still keeps how the last job ended', () => {
    const terminated = failed(at, 143, { statusReason: 'Stage.TimedOut: the pipeline stopped waiting' });
    const actions = decide({
      experiment: { status: 'failed', current },
      attempts: [anAttempt(aJob(at))],
      jobs: [terminated],
      execution: UNKNOWN_EXECUTION,
    });
    expect(actions).toMatchObject([{ type: 'WriteAttempt', error: 'Stage.TimedOut' }]);
  });

  it('waits while somebody redrives the execution', () => {
    expect(decide({ execution: execution('PENDING_REDRIVE') })).toEqual([]);
  });
});
