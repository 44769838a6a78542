import { MATRIX, type Row } from './matrix.ts';
import { seededNumbers } from './seeded-numbers.ts';

export const TEN_AT_ONCE = 'ten-at-once';

/** Ten experiments side by side, each with a fault drawn from those that touch their own experiment only: the same ten at every run. */
export const tenAtOnce = (seed = 10): Row[] => {
  const random = seededNumbers(seed);
  const pool = MATRIX.filter(({ lane, fault }) => lane === 'together' && fault !== 'none');
  return Array.from({ length: 10 }, (_, index) => {
    const drawn = pool.splice(Math.floor(random() * pool.length), 1)[0];
    if (!drawn) throw new Error('fewer than ten faults to draw from');
    return { ...drawn, variant: `${index + 1} of ten at once`, lane: 'at-once' };
  });
};
