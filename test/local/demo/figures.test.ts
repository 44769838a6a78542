import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, figuresOf, overheadSecondsOf, stageSecondsOf, unionLength } from '../../../local/demo/figures.ts';
import { anAttempt, aView, instant, second } from './a-view.ts';

const interval = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 50 }))
  .map(([from, length]) => ({ from, to: from + length }));

describe('the union of intervals', () => {
  it('counts every covered unit once', () => {
    fc.assert(
      fc.property(fc.array(interval), (intervals) => {
        const units = new Set(intervals.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)));
        expect(unionLength(intervals)).toBe(units.size);
      }),
    );
  });
});

describe('the figures of a run', () => {
  const attempts = [anAttempt({ stage: 'ingest', from: 1, to: 3 }), anAttempt({ stage: 'prepare', from: 4, to: 6 })];

  it('give the seconds of each stage from process start to exit, attempts added up', () => {
    const again = anAttempt({ stage: 'prepare', from: 7, to: 8, attempt: 2 });
    expect(stageSecondsOf(aView({ attempts: [...attempts, again] }))).toEqual({ ingest: 2, prepare: 3 });
  });

  it('leave out an attempt that is still running', () => {
    expect(stageSecondsOf(aView({ attempts: [anAttempt({ stage: 'train', from: 1, to: null })] }))).toEqual({});
  });

  it('count as overhead the seconds from the POST to the end in which no stage ran', () => {
    expect(overheadSecondsOf(aView({ attempts, endedAt: instant(8) }), second(0))).toBe(4);
  });

  it('have no overhead before the end', () => {
    expect(() => overheadSecondsOf(aView({ attempts }), second(0))).toThrow('has not ended');
  });

  it('price the stages with the prices of the submit', () => {
    const hour = anAttempt({ stage: 'train', from: 0, to: 3600 });
    expect(costOf(aView({ attempts: [hour] }))).toMatchObject({ spot: 0.36, onDemand: 0.8, instanceType: 'g6.xlarge' });
  });

  it('are refused for an experiment that lacks them', () => {
    expect(() => figuresOf(aView({ status: 'failed' }), { setupSeconds: 0, wallSeconds: 1, postedAt: second(0) })).toThrow(
      /lacks figures/,
    );
  });
});
