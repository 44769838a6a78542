import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recoveryOf, type Sample, workLost } from '../../../local/drill/figures.ts';
import { anAttempt, aView } from '../demo/a-view.ts';

const START = Date.UTC(2026, 0, 1);
const at = (second: number, step: number, attempt = 1, resumedFrom = 0): Sample => ({
  at: START + second * 1000,
  run: 1,
  step,
  attempt,
  resumedFrom,
});
/** One step a second from second 0 on, told every two seconds. */
const REPORTS = [0, 2, 4, 6, 8].map((second) => at(second, second));

describe('work lost', () => {
  /** The next attempt, two steps after where it resumed from. */
  const next = (resumedFrom: number, attempt = 2): Sample => at(20, resumedFrom + 2, attempt, resumedFrom);

  it('is what the killed attempt did after the step that was resumed from', () => {
    expect(workLost([...REPORTS, next(5)])).toEqual({ lostSteps: 3, lostSeconds: 3 });
  });

  it('is everything when there was no checkpoint', () => {
    expect(workLost([...REPORTS, next(0)])).toEqual({ lostSteps: 8, lostSeconds: 8 });
  });

  it('is nothing when the last step was committed, and when nothing went on', () => {
    expect(workLost([...REPORTS, next(8)])).toEqual({ lostSteps: 0, lostSeconds: 0 });
    expect(workLost(REPORTS)).toEqual({ lostSteps: 0, lostSeconds: 0 });
  });

  it('adds up over several interruptions, those before the first step included', () => {
    const reports = [...REPORTS, next(5), at(22, 9, 2, 5), next(8, 4)];
    expect(workLost(reports)).toEqual({ lostSteps: 4, lostSeconds: 4 });
  });

  it('knows where an attempt resumed from, although its first reports do not say so', () => {
    expect(workLost([...REPORTS, at(18, 0, 2), next(5)]).lostSteps).toBe(3);
    expect(workLost([...REPORTS, at(18, 0, 2), next(5, 3)]).lostSteps).toBe(3);
  });

  it('does not mistake the first attempt of a resumed run for that of the run before', () => {
    expect(workLost([...REPORTS, { ...next(6, 1), run: 2 }])).toEqual({ lostSteps: 2, lostSeconds: 2 });
  });

  it('is never negative, and never longer than the attempt', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(8), { maxLength: 6 }), fc.nat(20), (seconds, resumedFrom) => {
        const samples = seconds.map((second) => at(second, second));
        const { lostSteps, lostSeconds } = workLost([...samples, next(resumedFrom)]);
        expect(lostSteps).toBeGreaterThanOrEqual(0);
        expect(lostSeconds).toBeGreaterThanOrEqual(0);
        expect(lostSeconds).toBeLessThanOrEqual(9);
      }),
    );
  });
});

describe('recovery', () => {
  const first = anAttempt({ stage: 'train', from: 0, to: 9 });
  const second = anAttempt({ stage: 'train', from: 14, to: 40, attempt: 2 });

  it('of training lasts until the first new step, of which the queue and a process start are not its own', () => {
    const waited = { ...second, createdAt: new Date(START + 11_000).toISOString() };
    const resumed = [...REPORTS, at(18, 0, 2), at(20, 4, 2)];
    // Nine to eleven until the job is there, three in the queue, six to the first step, of which two are a start.
    expect(recoveryOf(aView({ attempts: [first, waited] }), resumed, START + 9_000)).toEqual({
      recoverySeconds: 11,
      restartSeconds: 5,
      beyondStartSeconds: 6,
    });
  });

  it('of training has nothing to compare with when the first attempt came to no step', () => {
    const { recoverySeconds, beyondStartSeconds } = recoveryOf(
      aView({ attempts: [first, second] }),
      [at(20, 4, 2)],
      START + 9_000,
    );
    expect({ recoverySeconds, beyondStartSeconds }).toEqual({ recoverySeconds: 11, beyondStartSeconds: null });
  });

  it('of another stage lasts until the next process start', () => {
    const attempts = [
      anAttempt({ stage: 'prepare', from: 0, to: 3 }),
      anAttempt({ stage: 'prepare', from: 5, to: 8, attempt: 2 }),
    ];
    expect(recoveryOf(aView({ attempts }), [], START + 3_000)).toEqual({
      recoverySeconds: 2,
      restartSeconds: 2,
      beyondStartSeconds: null,
    });
  });

  it('is unknown when nothing was to follow', () => {
    const attempts = [anAttempt({ stage: 'prepare', from: 0, to: 3 })];
    expect(recoveryOf(aView({ attempts }), [], START + 3_000).recoverySeconds).toBeNull();
  });
});
