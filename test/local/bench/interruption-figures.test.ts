import { describe, expect, it } from 'vitest';
import { atMost, linesOf } from '../../../local/bench/interruption-figures.ts';

describe('a figure of an interruption', () => {
  it('passes up to its bound, and not beyond', () => {
    expect(atMost('cancelled', 10, 's', 10).pass).toBe(true);
    expect(atMost('cancelled', 10.01, 's', 10).pass).toBe(false);
  });

  it('that could not be measured does not pass', () => {
    expect(atMost('beyond start', Number.NaN, 's', 15).pass).toBe(false);
  });

  it('is told with what it may be at most', () => {
    expect(linesOf([atMost('answer', 0.2, 's', 2), atMost('blocked share', 1.4, '%', 1)])).toEqual([
      'pass  answer         0.2 s, at most 2 s',
      'FAIL  blocked share  1.4 %, at most 1 %',
    ]);
  });
});
