import { describe, expect, it } from 'vitest';
import { latencyOf } from '../../../local/bench/latency.ts';

describe('the percentiles of a bench', () => {
  it('are nearest ranks', () => {
    const times = Array.from({ length: 40 }, (_, i) => 40 - i);
    expect(latencyOf(times)).toEqual({ requests: 40, p50Ms: 20, p95Ms: 38, maxMs: 40 });
  });

  it('need a request', () => {
    expect(() => latencyOf([])).toThrow('no request was measured');
  });
});
