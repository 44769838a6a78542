import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Load } from '../../../../local/bench/inference/load.ts';
import { readSummary } from '../../../../local/bench/inference/malformed.ts';
import { median } from '../../../../local/bench/inference/median.ts';
import { pictureOf } from '../../../../local/bench/inference/picture.ts';
import type { Round, ServerRound } from '../../../../local/bench/inference/round.ts';
import { linesOfInference, malformedRow, rowsOf, swapRows } from '../../../../local/bench/inference/rows.ts';

const aLoad = (more: Partial<Load> = {}): Load => ({
  seconds: 8,
  answered: 800,
  refused: 0,
  lost: 0,
  p50Ms: 4,
  p95Ms: 10,
  p99Ms: 12,
  generatorShare: 0.02,
  ...more,
});

/** A server that takes `slow` times as long for everything. */
const aServer = (slow = 1): ServerRound => ({
  readyMs: 500 * slow,
  cells: [1, 4, 16, 64].map((concurrency) => ({ concurrency, load: aLoad({ p95Ms: 10 * slow }), cpuMs: 3200 * slow })),
  memoryBytes: 100 * 2 ** 20 * slow,
  overload: aLoad({ answered: 790, refused: 1600 }),
});
const aRound = (ours = 1, fastapi = 2): Round => ({
  'spotforge-inference': aServer(ours),
  fastapi: aServer(fastapi),
  mosec: aServer(1.5),
});

const find = (
  rows: ReturnType<typeof rowsOf>,
  subject: string,
  peer: string | null,
  metric: string,
  concurrency: number | null,
) => rows.find((row) => row.subject === subject && row.peer === peer && row.metric === metric && row.concurrency === concurrency);

describe('a median', () => {
  it('is the middle value, or the mean of the two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('has as many values below as above, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(median([...values].reverse())).toBe(middle);
      }),
    );
  });
});

describe('the rows of the inference bench', () => {
  const rows = rowsOf([aRound(), aRound(), aRound(5)]);

  it('hold every server by itself and ours against each other', () => {
    expect(find(rows, 'mosec', null, 'latency p95', 16)).toMatchObject({ value: 15, unit: 'ms', target: null, pass: null });
    expect(find(rows, 'spotforge-inference', 'mosec', 'latency p95', 16)).toMatchObject({
      value: 0.6667,
      target: null,
      pass: null,
    });
  });

  it('are medians of the ratios, so that one bad round decides nothing', () => {
    expect(find(rows, 'spotforge-inference', 'fastapi', 'processor time a request', 16)).toMatchObject({
      value: 0.5,
      target: 0.75,
      pass: true,
    });
    expect(find(rows, 'spotforge-inference', 'fastapi', 'memory after the load', null)).toMatchObject({
      value: 0.5,
      pass: true,
    });
  });

  it('fail beyond a target', () => {
    const slower = rowsOf([aRound(1.6)]);
    expect(find(slower, 'spotforge-inference', 'fastapi', 'latency p95', 4)).toMatchObject({
      value: 0.8,
      target: 0.7,
      pass: false,
    });
    expect(find(slower, 'spotforge-inference', null, 'latency p95', 1)).toMatchObject({ value: 16, target: 50, pass: true });
  });

  it('hold goodput under overload against the peak of the same round', () => {
    expect(find(rows, 'spotforge-inference', null, 'goodput at 3× the peak', null)).toMatchObject({
      value: 0.9875,
      target: 0.95,
      pass: true,
    });
    expect(find(rows, 'spotforge-inference', null, 'refused with 503 at 3× the peak', null)?.value).toBeCloseTo(0.6695);
  });

  it('say what swaps cost', () => {
    const swaps = { swaps: 50, requests: 10_000, lost: 1, memoryAfter10: 100, memoryAfter50: 104 };
    expect(swapRows(swaps).map(({ value, pass }) => [value, pass])).toEqual([
      [1, false],
      [1.04, true],
    ]);
  });

  it('say whether each malformed request was answered as it should be', () => {
    expect(readSummary('running 4 tests\n\ntest result: FAILED. 3 passed; 1 failed; 0 ignored;')).toEqual({
      kinds: 4,
      broken: 1,
    });
    expect(readSummary('test result: ok. 0 passed; 0 failed; 0 ignored;')).toBeUndefined();
    expect(readSummary('error: could not compile')).toBeUndefined();
    const malformed = { inputs: 100_000, kinds: 4, broken: 0 };
    expect(malformedRow(malformed)).toMatchObject({ value: 0, target: 0, pass: true });
    expect(malformedRow({ ...malformed, broken: 1 })).toMatchObject({ value: 1, pass: false });
  });

  it('are drawn as a bar each, the highest as high as its panel', () => {
    const svg = pictureOf(rows);
    expect([...svg.matchAll(/<rect [^>]*><title>/g)]).toHaveLength(3 * 4 * 3);
    expect(svg).toContain('<title>fastapi, 16 at a time: 20</title>');
    expect(Math.max(...[...svg.matchAll(/height="([\d.]+)"><title>/g)].map(([, height]) => Number(height)))).toBe(130);
  });

  it('are told with what was asked last', () => {
    const lines = linesOfInference(rows);
    expect(lines.at(-1)).toBe('pass  spotforge-inference against fastapi: memory after the load: 0.5 ×, target 0.5 ×');
    expect(lines[0]).toBe('  —   spotforge-inference: requests a second, 1 at a time: 100 1/s');
  });
});
