import { describe, expect, it } from 'vitest';
import { sentence, TierFailure } from '../../../local/tier/tier-failure.ts';

describe('what a user reads of a failure', () => {
  it('is one sentence for a full disk', () => {
    expect(sentence(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toMatch(/^The disk is full/);
  });

  it('names the place that cannot be written', () => {
    expect(sentence(Object.assign(new Error('x'), { code: 'EACCES', path: '/x/y' }))).toBe(
      'Cannot write /x/y: make it writable for your user.',
    );
  });

  it('is the sentence itself for a failure of ours and nothing for a defect', () => {
    expect(sentence(new TierFailure('No.'))).toBe('No.');
    expect(sentence(new TypeError('undefined is not a function'))).toBeUndefined();
  });
});
