import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StageError } from '../../../functions/shared/contracts/names.ts';
import { decideFailure, type FailureDecision, settingsAfter } from '../../../functions/stages/stage-failure.ts';
import { batchFailures, jobThatEnded } from './batch-failure.ts';
import { decideFixture } from './decide-fixture.ts';

/** One way for an attempt to end, and the budget that it draws on. */
const ENDINGS = {
  'host-terminated': 'attempts',
  'capacity-cancelled': 'attempts',
  'hung-terminated-by-us': 'attempts',
  'out-of-memory': 'memory',
  'cannot-pull-connection': 'infrastructure',
} as const;
type Ending = keyof typeof ENDINGS;
type Budget = (typeof ENDINGS)[Ending];

const JOBS = Object.fromEntries(batchFailures().map((name) => [name, jobThatEnded(name)]));
const UNUSABLE = { verdict: 'unusable', because: 'it left no result.json' } as const;
const decide = (name: string, earlier: readonly StageError[], maxAttempts: number, rungs: number): FailureDecision => {
  const job = JOBS[name];
  if (!job) throw new Error(`there is no fixture ${name}`);
  return decideFailure({ status: 'running', job, result: UNUSABLE, earlier, maxAttempts, rungs });
};

type Spent = Record<Budget, number>;
const NOTHING: Spent = { attempts: 0, memory: 0, infrastructure: 0 };

/** Every order of failures for which another attempt is made, one failure longer each time. @returns how many, and the longest */
const everyOrder = (maxAttempts: number, rungs: number): { orders: number; longest: number } => {
  const allowed: Spent = { attempts: maxAttempts, memory: 2, infrastructure: 3 };
  let orders = 0;
  let longest = 0;
  const follow = (earlier: readonly StageError[], spent: Spent): void => {
    for (const [name, budget] of Object.entries(ENDINGS) as [Ending, Budget][]) {
      orders++;
      const now = { ...spent, [budget]: spent[budget] + 1 };
      const decision = decide(name, earlier, maxAttempts, rungs);
      const goesOn = now[budget] < allowed[budget];
      const where = `${[...earlier, name]} with ${maxAttempts} attempts on ${rungs} rungs`;
      expect(decision.action, where).toBe(goesOn ? 'again' : 'fail');
      longest = Math.max(longest, earlier.length + 1);
      if (!goesOn) continue;
      expect(decision.rung, where).toBe(Math.min(now.attempts, rungs - 1));
      expect(decision.microBatchDivisor, where).toBe(2 ** now.memory);
      expect(decision.delaySeconds, where).toBe(budget === 'infrastructure' ? 10 * 4 ** (now.infrastructure - 1) : 0);
      expect(settingsAfter([...earlier, decision.error], rungs), where).toEqual({
        rung: decision.rung,
        microBatchDivisor: decision.microBatchDivisor,
      });
      follow([...earlier, decision.error], now);
    }
  };
  follow([], NOTHING);
  return { orders, longest };
};

describe('budgets', () => {
  it.each([1, 2, 3])('hold in every order of failures there is, with %i attempts', (maxAttempts) => {
    for (const rungs of [1, 2, 3]) {
      const { longest } = everyOrder(maxAttempts, rungs);
      // One attempt beyond what each budget forgives: the last one may fail in any way.
      expect(longest).toBe(maxAttempts - 1 + 1 + 2 + 1);
    }
  });

  it('hold in long orders of every failure of the table, and every run comes to an end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Object.keys(JOBS)), { minLength: 14, maxLength: 14 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 4 }),
        (names, maxAttempts, rungs) => {
          const earlier: StageError[] = [];
          let before = { rung: 0, microBatchDivisor: 1 };
          for (const name of names) {
            const { error, action, rung, microBatchDivisor } = decide(name, earlier, maxAttempts, rungs);
            earlier.push(error);
            if (action !== 'again') break;
            // Never back down the ladder, never a bigger micro-batch, one step at a time.
            expect([0, 1]).toContain(rung - before.rung);
            expect([1, 2]).toContain(microBatchDivisor / before.microBatchDivisor);
            expect(rung).toBeLessThan(rungs);
            before = { rung, microBatchDivisor };
          }
          expect(earlier.length).toBeLessThanOrEqual(Math.min(14, maxAttempts - 1 + 1 + 2 + 1));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('gives infrastructure three attempts, waiting longer each time', () => {
    const earlier: StageError[] = ['Stage.Infrastructure'];
    expect(decideFixture('cannot-pull-image', { earlier })).toMatchObject({ action: 'again', delaySeconds: 40, rung: 0 });
    expect(decideFixture('cannot-pull-image', { earlier: [...earlier, 'Stage.Infrastructure'] })).toMatchObject({
      action: 'fail',
      delaySeconds: 0,
    });
  });

  it('gives memory one more attempt', () => {
    expect(decideFixture('out-of-memory', { earlier: ['Stage.OutOfMemory'] })).toMatchObject({
      action: 'fail',
      microBatchDivisor: 2,
    });
  });

  it('keeps the halved micro-batch when the next host is reclaimed', () => {
    expect(decideFixture('host-terminated', { earlier: ['Stage.OutOfMemory'] })).toMatchObject({
      action: 'again',
      rung: 1,
      microBatchDivisor: 2,
    });
  });

  it('stays on the last rung of a short ladder', () => {
    expect(decideFixture('host-terminated', { rungs: 1 })).toMatchObject({ action: 'again', rung: 0 });
  });
});
