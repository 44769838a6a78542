import { describe, expect, it } from 'vitest';
import { failureOf, interruptionRows } from '../../../local/demo/summary.ts';
import { aView } from './a-view.ts';

describe('the words for a failure', () => {
  it('say stage, message, place and remedy', () => {
    const failure = {
      error: 'Stage.InvalidInput',
      stage: 'prepare' as const,
      attempt: 1,
      message: 'one class only',
      where: 'column label',
      remedy: 'Send rows of at least two classes.',
      diagnostics: [],
    };
    expect(failureOf(aView({ status: 'failed', failure }))).toBe(
      'Experiment exp_01h455vb4pex5vsknk084sn02q ended failed in prepare: one class only (column label)\nSend rows of at least two classes.',
    );
  });

  it('say the status alone when no failure was recorded', () => {
    expect(failureOf(aView({ status: 'cancelled' }))).toMatch(/ended cancelled\.$/);
  });
});

describe('the words for an interruption', () => {
  const interruption = {
    reclaimedAtStep: 61,
    resumedFromStep: 63,
    lostSteps: 0,
    exitSeconds: 4,
    recoverySeconds: 14.25,
    beyondStartSeconds: 3,
    queue: 'gpu-spot-any',
  };

  it('say at which step, where it went on, and what was lost', () => {
    const text = interruptionRows(interruption).join('\n');
    expect(text).toMatch(/reclaimed at step 61 .* checkpoint of step 63/);
    expect(text).toMatch(/on gpu-spot-any: 0 steps done again, 14\.3 s from the notice/);
  });

  it('leave out a time that nobody saw', () => {
    expect(interruptionRows({ ...interruption, recoverySeconds: null }).join('\n')).not.toMatch(/null| s from/);
  });
});
