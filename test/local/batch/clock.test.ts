import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../../local/batch/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the scaled clock', () => {
  it('rings when the time has passed on it, whatever its scale did meanwhile', () => {
    const steps = fc.array(
      fc.record({ scale: fc.constantFrom(0.5, 1, 7, 60, 1000), realMs: fc.integer({ min: 1, max: 5_000 }) }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 2_000_000 }), (given, ms) => {
        const clock = new Clock(1);
        let rang = false;
        clock.after(ms, () => {
          rang = true;
        });
        let passed = 0;
        for (const { scale, realMs } of given) {
          clock.setScale(scale);
          vi.advanceTimersByTime(realMs);
          passed += scale * realMs;
          // Node's timers know whole milliseconds only.
          if (Math.abs(passed - ms) > 2 * scale) expect(rang).toBe(passed > ms);
        }
        clock.close();
      }),
    );
  });

  it('rings nothing that was called off, and nothing once closed', () => {
    const clock = new Clock(60);
    const rang = vi.fn();
    clock.after(60_000, rang)();
    clock.after(60_000, rang);
    clock.close();
    vi.advanceTimersByTime(10_000);
    expect(rang).not.toHaveBeenCalled();
  });

  it('waits longer than Node’s own timers can', () => {
    const clock = new Clock(0.001);
    const rang = vi.fn();
    const realMs = 2 ** 32;
    clock.after(realMs * 0.001, rang);
    vi.advanceTimersByTime(realMs - 60_000);
    expect(rang).not.toHaveBeenCalled();
    vi.advanceTimersByTime(120_000);
    expect(rang).toHaveBeenCalledOnce();
  });
});
