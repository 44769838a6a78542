import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../local/demo/summary.ts';
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
