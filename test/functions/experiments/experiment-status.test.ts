import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertLegalTransition, isLegalTransition, LEGAL_TRANSITIONS } from '../../../functions/experiments/experiment-status.ts';
import { FINAL_STATUSES, isFinal, STATUSES } from '../../../functions/shared/contracts/experiment-view.ts';

const status = fc.constantFrom(...STATUSES);
/** A walk along legal transitions from `queued`. */
const walk = fc.array(fc.nat()).map((choices) => {
  const path: (typeof STATUSES)[number][] = ['queued'];
  for (const choice of choices) {
    const next = LEGAL_TRANSITIONS[path.at(-1) ?? 'queued'];
    const chosen = next[choice % (next.length || 1)];
    if (chosen === undefined) break;
    path.push(chosen);
  }
  return path;
});

describe('the legal transitions', () => {
  it('are those of the design and no others', () => {
    const legal = STATUSES.flatMap((from) => STATUSES.filter((to) => isLegalTransition(from, to)).map((to) => `${from} → ${to}`));
    expect(legal).toEqual([
      'queued → running',
      'queued → cancelling',
      'running → succeeded',
      'running → failed',
      'running → rejected',
      'running → cancelling',
      'failed → queued',
      'cancelling → cancelled',
      'cancelled → queued',
    ]);
  });

  it('refuse whatever is not legal and name both statuses', () => {
    fc.assert(
      fc.property(status, status, (from, to) => {
        const attempt = () => assertLegalTransition(from, to);
        if (isLegalTransition(from, to)) expect(attempt).not.toThrow();
        else expect(attempt).toThrow(`is ${from} cannot become ${to}`);
      }),
    );
  });

  it('never leave succeeded or rejected, and never stay where they are', () => {
    fc.assert(
      fc.property(walk, (path) => {
        expect(path.slice(0, -1)).not.toContain('succeeded');
        expect(path.slice(0, -1)).not.toContain('rejected');
        expect(path.every((at, i) => at !== path[i + 1])).toBe(true);
      }),
    );
  });

  it('end what is cancelling as cancelled only', () => {
    fc.assert(
      fc.property(walk, (path) => {
        for (const [i, at] of path.entries())
          if (at === 'cancelling' && i + 1 < path.length) expect(path[i + 1]).toBe('cancelled');
      }),
    );
  });

  it('reach a final status from everywhere', () => {
    const ends = (from: (typeof STATUSES)[number], depth = 0): boolean =>
      isFinal(from) || (depth < STATUSES.length && LEGAL_TRANSITIONS[from].some((to) => ends(to, depth + 1)));
    expect(STATUSES.every((from) => ends(from))).toBe(true);
    expect(STATUSES.filter(isFinal).sort()).toEqual([...FINAL_STATUSES].sort());
  });
});
