import { STAGES, type Stage } from '../shared/contracts/names.ts';

export type AttemptPlace = { run: number; stage: Stage; attempt: number };

/** Order of attempts: run, then stage, then attempt; never a clock. Negative when `a` is the older one. */
export const compareAttempts = (a: AttemptPlace, b: AttemptPlace): number =>
  a.run - b.run || STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || a.attempt - b.attempt;

export const sameAttempt = (a: AttemptPlace, b: AttemptPlace): boolean => compareAttempts(a, b) === 0;

/** The newest of those, undefined for none. */
export const newestAttempt = (places: readonly AttemptPlace[]): AttemptPlace | undefined =>
  places.reduce<AttemptPlace | undefined>(
    (newest, place) => (newest && compareAttempts(newest, place) >= 0 ? newest : place),
    undefined,
  );
