import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { overlay } from '../../../local/drill/images.ts';
import { FAULTS, type FaultName, MATRIX, rowsNamed } from '../../../local/drill/matrix.ts';
import { TEN_AT_ONCE, tenAtOnce } from '../../../local/drill/ten-at-once.ts';

const pairs = new Set(MATRIX.map(({ fault, stage }) => `${fault}/${stage}`));
/** What hits a job or an event, as against what hits the process inside or a service beside it. */
const BATCH_AND_EVENTS: FaultName[] = [
  'spot-reclaim',
  'host-lost',
  'container-killed',
  'no-capacity',
  'out-of-memory',
  'image-pull-failure',
  'time-out',
  'batch-event-lost',
  'batch-event-doubled',
  'batch-event-late',
  'batch-events-out-of-order',
  'progress-lost',
];

describe('the fault matrix', () => {
  it('has at least forty different pairs of fault and stage', () => {
    expect(pairs.size).toBeGreaterThanOrEqual(40);
  });

  it('has a row for each fault that is listed, and lists the fault of each row', () => {
    expect(new Set(MATRIX.map(({ fault }) => fault))).toEqual(new Set(Object.keys(FAULTS)));
  });

  it('tries every Batch and event fault in training and in one CPU stage', () => {
    for (const fault of BATCH_AND_EVENTS) {
      const stages = new Set(rowsNamed(fault).map(({ stage }) => stage));
      expect([stages.has('train'), stages.size > 1], fault).toEqual([true, true]);
    }
  });

  it('kills training at twenty different points, the same at every run', () => {
    const points = rowsNamed('killed-at-random').flatMap(({ variant }) => variant?.split(', '));
    expect(new Set(points).size).toBe(20);
    expect(points[0]).toBe('step 2 + 356 ms');
    for (const { expected, maxAttempts } of rowsNamed('killed-at-random')) {
      expect([expected.errors.length, maxAttempts]).toEqual([4, 5]);
    }
  });

  it('allows as many attempts as a row expects', () => {
    for (const { fault, expected, maxAttempts } of MATRIX) expect(expected.errors.length, fault).toBeLessThanOrEqual(maxAttempts);
  });

  it('asks for the same weights wherever training goes on to its end on the same terms', () => {
    const unequal = MATRIX.filter(
      ({ stage, expected }) => stage === 'train' && expected.status === 'succeeded' && !expected.sameWeights,
    );
    expect(unequal.map(({ fault }) => fault)).toEqual(['out-of-memory']); // half the micro-batch adds up in another order
  });

  it('finds a drill by its fault and by fault and stage', () => {
    expect(rowsNamed('host-lost').length).toBeGreaterThan(1);
    expect(rowsNamed('host-lost/train')).toHaveLength(1);
    expect(rowsNamed('host')).toEqual([]);
  });

  it('has an overlay for each that it names', () => {
    for (const { uses } of Object.values(FAULTS)) {
      const name = /jobs\/overlay ([a-z-]+)/.exec(uses)?.[1];
      if (name !== undefined) expect(existsSync(`${overlay(name)}/sitecustomize.py`), name).toBe(true);
    }
  });
});

describe('ten at once', () => {
  it('draws ten different rows, the same for the same seed', () => {
    const drawn = tenAtOnce(3).map(({ fault, stage }) => `${fault}/${stage}`);
    expect(drawn).toHaveLength(10);
    expect(tenAtOnce(3).map(({ fault, stage }) => `${fault}/${stage}`)).toEqual(drawn);
    expect(tenAtOnce(4).map(({ fault, stage }) => `${fault}/${stage}`)).not.toEqual(drawn);
  });

  it('draws none that would be felt by the other nine', () => {
    const together = new Set(MATRIX.filter(({ lane }) => lane === 'together').map(({ fault, stage }) => `${fault}/${stage}`));
    expect(tenAtOnce().filter(({ fault, stage }) => !together.has(`${fault}/${stage}`))).toEqual([]);
    expect(Object.keys(FAULTS)).not.toContain(TEN_AT_ONCE);
  });
});
