import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES, STAGE_ERRORS, type StageError } from '../../../functions/shared/contracts/names.ts';
import { REMEDIES } from '../../../functions/stages/failure-remedies.ts';
import {
  CLIMBING,
  decideFailure,
  type FailureDecision,
  type FailureQuestion,
  settingsAfter,
} from '../../../functions/stages/stage-failure.ts';
import { batchFailure, batchFailures, jobThatEnded } from './batch-failure.ts';

const NO_RESULT: FailureQuestion['result'] = { verdict: 'unusable', because: 'it left no result.json' };

const decide = (name: string, changes: Partial<FailureQuestion> = {}): FailureDecision =>
  decideFailure({
    status: 'running',
    job: jobThatEnded(name),
    result: NO_RESULT,
    earlier: [],
    maxAttempts: 3,
    rungs: 3,
    ...changes,
  });

/** Every fixture: what it is called, what follows, on which rung, with which divisor. */
const TABLE: Record<string, [StageError, FailureDecision['action'], rung: number, divisor: number]> = {
  'host-terminated': ['Stage.Interrupted', 'again', 1, 1],
  'capacity-cancelled': ['Stage.CapacityUnavailable', 'again', 1, 1],
  'misconfigured-environment': ['Stage.Misconfigured', 'fail', 0, 1],
  'misconfigured-job': ['Stage.Misconfigured', 'fail', 0, 1],
  'attempt-duration-exceeded': ['Stage.TimedOut', 'fail', 0, 1],
  'out-of-memory': ['Stage.OutOfMemory', 'again', 0, 2],
  'cuda-out-of-memory': ['Stage.OutOfMemory', 'again', 0, 2],
  'cannot-pull-image': ['Stage.Infrastructure', 'again', 0, 1],
  'docker-timeout': ['Stage.Infrastructure', 'again', 0, 1],
  'cannot-inspect-container': ['Stage.Infrastructure', 'again', 0, 1],
  'agent-error': ['Stage.Infrastructure', 'again', 0, 1],
  'disk-full-or-service-away': ['Stage.Infrastructure', 'again', 0, 1],
  'interrupted-with-checkpoint': ['Stage.Interrupted', 'again', 1, 1],
  'invalid-input': ['Stage.InvalidInput', 'fail', 0, 1],
  diverged: ['Stage.Diverged', 'fail', 0, 1],
  'gate-rejected': ['Stage.GateRejected', 'reject', 0, 1],
  'killed-without-a-reason': ['Stage.Interrupted', 'again', 1, 1],
  'terminated-without-a-reason': ['Stage.Interrupted', 'again', 1, 1],
  'ended-by-an-operator': ['Stage.Failed', 'fail', 0, 1],
  'hung-terminated-by-us': ['Stage.Hung', 'again', 1, 1],
  'superseded-by-us': ['Stage.Superseded', 'fail', 0, 1],
  'exit-zero': ['Stage.ContractBroken', 'fail', 0, 1],
  'exit-one': ['Stage.Failed', 'fail', 0, 1],
  'never-started': ['Stage.Failed', 'fail', 0, 1],
};

describe('what a failed attempt means', () => {
  it('is said for every fixture', () => {
    expect(batchFailures().sort()).toEqual(Object.keys(TABLE).sort());
  });

  it.each(Object.keys(TABLE))('%s: the fixture says where it comes from', (name) => {
    const { source, evidence, note } = batchFailure(name);
    expect([source, note].every((text) => text.length > 10)).toBe(true);
    expect(['documented', 'constructed']).toContain(evidence);
    if (evidence === 'documented') expect(source).toMatch(/^https:\/\//);
  });

  it.each(Object.entries(TABLE))('%s is %j', (name, [error, action, rung, microBatchDivisor]) => {
    expect(decide(name)).toMatchObject({
      error,
      action,
      rung,
      microBatchDivisor,
      delaySeconds: error === 'Stage.Infrastructure' ? 10 : 0,
    });
  });

  it.each(Object.keys(TABLE))('%s ends quietly when the experiment is being cancelled', (name) => {
    expect(decide(name, { status: 'cancelling' })).toMatchObject({ error: 'Stage.Cancelled', action: 'end' });
  });

  it('puts our own reason before everything that the process said', () => {
    const job = { ...jobThatEnded('gate-rejected'), statusReason: 'Stage.CapacityUnavailable: nothing came up for an hour' };
    expect(decide('gate-rejected', { job })).toMatchObject({
      error: 'Stage.CapacityUnavailable',
      message: 'nothing came up for an hour',
    });
  });

  it('puts a reclaimed host before the exit code of the process that it took along', () => {
    const job = { ...jobThatEnded('host-terminated'), exitCode: EXIT_CODES.diverged };
    expect(decide('host-terminated', { job }).error).toBe('Stage.Interrupted');
  });

  it("tells the stage's own account when it is about the same error", () => {
    const report = {
      name: 'Stage.Diverged' as const,
      message: 'The loss became NaN at step 12.',
      where: 'train.learningRate',
      remedy: 'Try 5e-5.',
      diagnostics: ['s3://experiments/a/b.json'],
    };
    expect(decide('diverged', { result: { verdict: 'failed', report } })).toMatchObject({
      message: report.message,
      where: report.where,
      remedy: report.remedy,
      diagnostics: report.diagnostics,
    });
    expect(decide('invalid-input', { result: { verdict: 'failed', report } })).toMatchObject({
      where: null,
      remedy: REMEDIES['Stage.InvalidInput'],
    });
  });

  it('believes a stage that found the contract broken and has no exit code for it', () => {
    const report = {
      name: 'Stage.ContractBroken' as const,
      message: 'A hash differs.',
      where: null,
      remedy: null,
      diagnostics: [],
    };
    expect(decide('exit-one', { result: { verdict: 'failed', report } })).toMatchObject({
      error: 'Stage.ContractBroken',
      action: 'fail',
      message: 'A hash differs.',
    });
  });

  it('says why a job that ended with 0 did not keep its contract', () => {
    expect(decide('exit-zero').message).toBe('The stage ended without an error, but it left no result.json.');
    const report = { name: 'Stage.Failed' as const, message: 'm', where: null, remedy: null, diagnostics: [] };
    expect(decide('exit-zero', { result: { verdict: 'failed', report } }).message).toMatch(/reports a failure/);
  });

  it('has a remedy, in whole sentences, for every error', () => {
    expect(Object.keys(REMEDIES).sort()).toEqual([...STAGE_ERRORS].sort());
    for (const remedy of Object.values(REMEDIES)) expect(remedy).toMatch(/^[A-Z].+\.$/);
  });
});

describe('budgets', () => {
  it('gives infrastructure three attempts, waiting longer each time', () => {
    const earlier: StageError[] = ['Stage.Infrastructure'];
    expect(decide('cannot-pull-image', { earlier })).toMatchObject({ action: 'again', delaySeconds: 40, rung: 0 });
    expect(decide('cannot-pull-image', { earlier: [...earlier, 'Stage.Infrastructure'] })).toMatchObject({
      action: 'fail',
      delaySeconds: 0,
    });
  });

  it('gives memory one more attempt', () => {
    expect(decide('out-of-memory', { earlier: ['Stage.OutOfMemory'] })).toMatchObject({ action: 'fail', microBatchDivisor: 2 });
  });

  it('keeps the halved micro-batch when the next host is reclaimed', () => {
    expect(decide('host-terminated', { earlier: ['Stage.OutOfMemory'] })).toMatchObject({
      action: 'again',
      rung: 1,
      microBatchDivisor: 2,
    });
  });

  it('stays on the last rung of a short ladder', () => {
    expect(decide('host-terminated', { rungs: 1 })).toMatchObject({ action: 'again', rung: 0 });
  });

  const endings = fc.constantFrom(
    'host-terminated',
    'capacity-cancelled',
    'hung-terminated-by-us',
    'interrupted-with-checkpoint',
    'out-of-memory',
    'cuda-out-of-memory',
    'cannot-pull-image',
    'disk-full-or-service-away',
    'killed-without-a-reason',
  );

  it('hold in whatever order the failures come', () => {
    fc.assert(
      fc.property(
        fc.array(endings, { minLength: 12, maxLength: 12 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 4 }),
        (names, maxAttempts, rungs) => {
          const earlier: StageError[] = [];
          let rung = 0;
          for (const name of names) {
            const decision = decide(name, { earlier, maxAttempts, rungs });
            earlier.push(decision.error);
            const of = (errors: readonly StageError[]) => earlier.filter((error) => errors.includes(error)).length;
            const within =
              of(CLIMBING) < maxAttempts + (CLIMBING.includes(decision.error) ? 0 : 1) &&
              of(['Stage.OutOfMemory']) <= 1 &&
              of(['Stage.Infrastructure']) <= 2;
            expect(decision.action).toBe(within ? 'again' : 'fail');
            if (decision.action === 'fail') return;
            expect(decision.rung).toBeGreaterThanOrEqual(rung);
            expect(decision.rung - rung).toBeLessThanOrEqual(CLIMBING.includes(decision.error) ? 1 : 0);
            expect(decision.rung).toBeLessThan(rungs);
            expect(decision.microBatchDivisor).toBe(2 ** of(['Stage.OutOfMemory']));
            expect(settingsAfter(earlier, rungs)).toEqual({ rung: decision.rung, microBatchDivisor: decision.microBatchDivisor });
            rung = decision.rung;
          }
          // Twelve failures are more than all budgets together allow with at most nine climbs, two pulls and one halving.
          expect(earlier.length).toBeLessThanOrEqual(maxAttempts - 1 + 2 + 1);
        },
      ),
    );
  });
});
