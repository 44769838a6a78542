import { describe, expect, it } from 'vitest';
import { bar, clock, stageLine } from '../../../local/demo/stage-line.ts';
import { anAttempt, aView, instant, second } from './a-view.ts';

const progress = {
  schemaVersion: 1,
  experimentId: 'exp_01h455vb4pex5vsknk084sn02q',
  run: 1,
  stage: 'train',
  attempt: 1,
  sequence: 3,
  at: instant(20),
  fraction: 0.5,
  step: 100,
  totalSteps: 200,
  message: 'epoch 1/2',
  metrics: { loss: 0.8312 },
} as const;

describe('a stage line', () => {
  it('shows bar, fraction, time, loss and message of the running stage', () => {
    const view = aView({ attempts: [anAttempt({ stage: 'train', from: 10, to: null })], progress });
    expect(stageLine(view, 'train', second(51))).toBe('train      ██████████░░░░░░░░░░  50 %  0:41  loss 0.831  epoch 1/2');
  });

  it('says when it is not the first attempt', () => {
    const attempts = [1, 2].map((attempt) => anAttempt({ stage: 'train', from: 10 * attempt, to: null, attempt }));
    const view = aView({ attempts, progress: { ...progress, attempt: 2 } });
    expect(stageLine(view, 'train', second(51))).toMatch(/attempt 2: loss 0\.831 {2}epoch 1\/2$/);
  });

  it('says that a stage is starting before its first progress', () => {
    const view = aView({ attempts: [anAttempt({ stage: 'train', from: 10, to: null })] });
    expect(stageLine(view, 'train', second(12))).toMatch(/ 0 % {2}0:02 {2}starting$/);
  });

  it('says why a stage waits', () => {
    const view = aView({ waiting: { reason: 'no capacity', since: instant(1) } });
    expect(stageLine(view, 'train', second(2))).toBe('train      waiting: no capacity');
  });

  it('tells what a finished stage found', () => {
    const view = aView({
      attempts: [anAttempt({ stage: 'parity', from: 0, to: 9 })],
      stages: { parity: { rows: 1853, elements: 11118, mismatches: 0, maxAbs: 5.5e-6, maxRatio: 0.3 } },
    });
    expect(stageLine(view, 'parity', second(90))).toBe(
      'parity     ████████████████████ 100 %  0:09  1853 rows, largest difference 5.5e-6',
    );
  });

  it('is the bare name before anything is known', () => {
    expect(stageLine(undefined, 'export', 0).trim()).toBe('export');
    expect(stageLine(aView(), 'export', 0).trim()).toBe('export');
  });

  it('keeps the bar within its frame and the clock above zero', () => {
    expect(bar(7)).toBe('█'.repeat(20));
    expect(bar(-1)).toBe('░'.repeat(20));
    expect(clock(-3)).toBe('0:00');
    expect(clock(125.9)).toBe('2:05');
  });
});
