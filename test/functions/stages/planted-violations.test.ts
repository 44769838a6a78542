import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Action } from '../../../functions/stages/actions.ts';
import type { reconcile } from '../../../functions/stages/reconcile.ts';
import type { decideFailure } from '../../../functions/stages/stage-failure.ts';
import { tryHistory } from './simulation/try-history.ts';

type Reconcile = typeof reconcile;
type Decide = typeof decideFailure;

const planted = vi.hoisted(() => ({
  reconcile: undefined as ((real: Reconcile) => Reconcile) | undefined,
  decideFailure: undefined as ((real: Decide) => Decide) | undefined,
}));

vi.mock('../../../functions/stages/reconcile.ts', async (original) => {
  const real = await original<typeof import('../../../functions/stages/reconcile.ts')>();
  const chosen: Reconcile = (...given) => (planted.reconcile?.(real.reconcile) ?? real.reconcile)(...given);
  return { ...real, reconcile: chosen };
});

vi.mock('../../../functions/stages/stage-failure.ts', async (original) => {
  const real = await original<typeof import('../../../functions/stages/stage-failure.ts')>();
  const chosen: Decide = (question) => (planted.decideFailure?.(real.decideFailure) ?? real.decideFailure)(question);
  return { ...real, decideFailure: chosen };
});

afterEach(() => {
  planted.reconcile = undefined;
  planted.decideFailure = undefined;
});

/** As many as the gate tries of the real one. */
const HISTORIES = 10_000;

/** What the judge says of the first history that goes wrong. */
const found = async (): Promise<string | undefined> => {
  for (let seed = 0; seed < HISTORIES; seed++) {
    const { wrong } = await tryHistory(seed);
    if (wrong[0]) return wrong[0];
  }
  return undefined;
};

const forgets =
  (type: Action['type']) =>
  (real: Reconcile): Reconcile =>
  (...given) =>
    real(...given).filter((action) => action.type !== type);

/** Forgets that it has told the execution already. */
const forgetsReports =
  (real: Reconcile): Reconcile =>
  (stored, ...rest) => {
    const attempts = stored.attempts.map(({ reportedAt: _reportedAt, ...attempt }) => attempt);
    return real({ ...stored, attempts }, ...rest);
  };

/** Takes the attempt of an event for the current one, and knows of no attempt but those before it. */
const forgetsFencing =
  (real: Reconcile): Reconcile =>
  (stored, batch, ...rest) => {
    const { experiment } = stored;
    const [job] = batch.jobs;
    if (batch.complete || !experiment || !job) return real(stored, batch, ...rest);
    const { run, stage, attempt } = job.at;
    const attempts = stored.attempts.filter((it) => it.run === run && it.stage === stage && it.attempt < attempt);
    return real({ experiment: { ...experiment, run, current: { run, stage, attempt } }, attempts }, batch, ...rest);
  };

const judgesByALaterClock =
  (real: Reconcile): Reconcile =>
  (stored, batch, execution, progress, now, limits) =>
    real(stored, batch, execution, progress, new Date(now.getTime() + 120_000), limits);

const callsEverybodyHung =
  (real: Reconcile): Reconcile =>
  (stored, batch, execution, progress, now, limits) =>
    real(stored, batch, execution, progress, now, {
      ...limits,
      hangSeconds: Object.fromEntries(Object.keys(limits.hangSeconds).map((stage) => [stage, 30])) as typeof limits.hangSeconds,
    });

const knowsNoRejection =
  (real: Reconcile): Reconcile =>
  (...given) =>
    real(...given).map((action) =>
      action.type === 'Close' && action.status === 'rejected' ? { ...action, status: 'failed' } : action,
    );

describe('the judge of the histories finds a reconciler that', () => {
  it.each<[string, (real: Reconcile) => Reconcile]>([
    ["completes on an old attempt's event", forgetsFencing],
    ['reports again what it has reported', forgetsReports],
    ['judges what it saw by a later clock', judgesByALaterClock],
    ['calls hung what is slow', callsEverybodyHung],
    ['does not tell rejected from failed', knowsNoRejection],
    ['leaves alive what nobody waits for', forgets('TerminateJob')],
    ['waits for ever in a starved queue', forgets('CancelJob')],
    ['does not tell of success', forgets('CompleteTask')],
    ['does not tell of failure', forgets('FailTask')],
    ['does not keep results', forgets('KeepResult')],
    ['does not keep failures', forgets('KeepFailure')],
    ['does not keep how an attempt ended', forgets('WriteAttempt')],
    ['does not start what was stored', forgets('StartExecution')],
    ['does not stop what was cancelled', forgets('StopExecution')],
    ['does not close', forgets('Close')],
    ['does not see a stop in the console', forgets('BeginCancelling')],
    ['never keeps progress whose events were lost', forgets('KeepProgress')],
  ])('%s', async (_what, plant) => {
    planted.reconcile = plant;
    expect(await found()).toBeDefined();
  });
});

describe('the judge of the histories finds a table of failures that', () => {
  it.each<[string, (real: Decide) => Decide]>([
    ['allows one attempt too many', (real) => (question) => real({ ...question, maxAttempts: question.maxAttempts + 1 })],
    ['forgets what was spent', (real) => (question) => real({ ...question, earlier: [] })],
    [
      'tries user errors again',
      (real) => (question) => {
        const decision = real(question);
        return decision.error === 'Stage.InvalidInput' ? { ...decision, action: 'again' } : decision;
      },
    ],
    ['stays on the first rung', (real) => (question) => ({ ...real(question), rung: 0 })],
    ['does not halve the micro-batch', (real) => (question) => ({ ...real(question), microBatchDivisor: 1 })],
    [
      'takes a hang for an interruption',
      (real) => (question) => {
        const decision = real(question);
        return decision.error === 'Stage.Hung' ? { ...decision, action: 'fail' } : decision;
      },
    ],
  ])('%s', async (_what, plant) => {
    planted.decideFailure = plant;
    expect(await found()).toBeDefined();
  });
});
