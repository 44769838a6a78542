import { describe, expect, it } from 'vitest';
import { ohaArguments, readReport } from '../../../../local/bench/inference/load.ts';

const latency = (seconds: number | null): Record<string, number | null> => ({
  p50: seconds,
  p95: seconds,
  p99: seconds,
  'p99.9': seconds,
});
const aReport = (more: object = {}): string =>
  JSON.stringify({
    summary: { total: 10, successRate: 1 },
    latencyPercentiles: latency(0.001),
    latencyPercentilesSuccessful: latency(0.02),
    statusCodeDistribution: { 200: 990, 503: 10 },
    errorDistribution: {},
    ...more,
  });

describe("the load generator's report", () => {
  it('gives what was answered, refused and lost, and the latency of what was answered', () => {
    const report = aReport({
      statusCodeDistribution: { 200: 990, 500: 2, 503: 10 },
      errorDistribution: { 'connection closed': 3 },
    });
    expect(readReport(report, 500)).toEqual({
      seconds: 10,
      answered: 990,
      refused: 10,
      lost: 5,
      p50Ms: 20,
      p95Ms: 20,
      p99Ms: 20,
      generatorShare: 0.05,
    });
  });

  it('loses nothing to the end of the time', () => {
    expect(readReport(aReport({ errorDistribution: { 'aborted due to deadline': 7 } }), 0).lost).toBe(0);
  });

  it('has no latency where nothing was answered', () => {
    const report = aReport({ statusCodeDistribution: {}, latencyPercentilesSuccessful: latency(null) });
    expect(readReport(report, 0)).toMatchObject({ answered: 0, p95Ms: Number.NaN });
  });
});

describe('a load', () => {
  const plan = { url: 'http://127.0.0.1:1/v1/predict', bodies: 'bodies.jsonl', connections: 4 };

  it('in a closed loop waits for what it began', () => {
    expect(ohaArguments({ ...plan, seconds: 8 }).join(' ')).toContain('-c 4 -z 8s -w http://');
  });

  it('in an open one sends at its rate and leaves behind what is late', () => {
    expect(ohaArguments({ ...plan, seconds: 8, rate: 700.4 }).join(' ')).toContain('-c 4 -z 8s -q 700 http://');
    expect(ohaArguments({ ...plan, requests: 10_000, rate: 80 }).join(' ')).toContain('-c 4 -n 10000 -q 80 http://');
  });
});
