export type Latency = { requests: number; p50Ms: number; p95Ms: number; maxMs: number };

/** Nearest-rank percentiles: the p95 of 40 requests is the 38th fastest. */
export const latencyOf = (milliseconds: readonly number[]): Latency => {
  if (milliseconds.length === 0) throw new Error('no request was measured');
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const rank = (share: number): number => round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  return { requests: sorted.length, p50Ms: rank(0.5), p95Ms: rank(0.95), maxMs: rank(1) };
};

const round = (value: number): number => Math.round(value * 10) / 10;
