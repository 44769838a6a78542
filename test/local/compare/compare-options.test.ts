import { describe, expect, it } from 'vitest';
import { compareOptions } from '../../../local/compare/compare-options.ts';
import { TierFailure } from '../../../local/tier/tier-failure.ts';

describe('the options of compare', () => {
  it('are experiments of the running tier', () => {
    expect(compareOptions(['exp_a', 'exp_b'])).toEqual({ ids: ['exp_a', 'exp_b'] });
  });

  it('are experiments of another API', () => {
    expect(compareOptions(['exp_a', 'exp_b', '--api', 'https://api'])).toEqual({ ids: ['exp_a', 'exp_b'], api: 'https://api' });
  });

  it('are files', () => {
    expect(compareOptions(['--file', 'a.json', 'b.json'])).toEqual({ files: ['a.json', 'b.json'] });
  });

  it.each([
    { args: [], says: /at least two experiments/ },
    { args: ['exp_a'], says: /at least two experiments/ },
    { args: ['exp_a', 'exp_a'], says: /exp_a is named twice/ },
    { args: ['--file', 'a.json', 'b.json', '--api', 'https://api'], says: /--file reads no API/ },
    { args: ['exp_a', 'exp_b', '--colour'], says: /--colour.*Usage: npm run compare/ },
  ])('are refused with the way to say it: $args', ({ args, says }) => {
    expect(() => compareOptions(args)).toThrow(TierFailure);
    expect(() => compareOptions(args)).toThrow(says);
  });
});
