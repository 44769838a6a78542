import { describe, expect, it } from 'vitest';
import { timesPerMonth } from '../../../local/idle-cost/schedule-expression.ts';

describe('a schedule, counted for an average month of 730 hours', () => {
  it.each([
    ['rate(1 minute)', 43_800],
    ['rate(5 minutes)', 8_760],
    ['rate(1 hour)', 730],
    ['rate(1 day)', 730 / 24],
    ['cron(0 5 1 1,4,7,10 ? *)', 1 / 3],
    ['cron(0 5 * * ? *)', 365 / 12],
    ['cron(*/15 * * * ? *)', 4 * 24 * (365 / 12)],
    ['cron(0 9 ? * MON-FRI *)', (365 / 12) * (5 / 7)],
    ['cron(0 9 L * ? *)', 1],
  ])('%s comes %d times', (expression, times) => {
    expect(timesPerMonth(expression)).toBeCloseTo(times, 9);
  });

  it.each(['at(2026-01-01T00:00:00)', 'cron(0 5 * * ? 2026)', 'rate(1 fortnight)', 'cron(0 5 ? * 2#1 *)', ''])(
    'is refused rather than left out of the bill: %j',
    (expression) => {
      expect(() => timesPerMonth(expression)).toThrow();
    },
  );
});
