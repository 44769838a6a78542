import { expect, it } from 'vitest';
import { comparisonLines } from '../../../local/compare/comparison-lines.ts';

it('prints a comparison as a table with a star at the best, and why errors do not compare', () => {
  const lines = comparisonLines({
    experiments: [
      { letter: 'A', id: 'exp_a', name: 'plain' },
      { letter: 'B', id: 'exp_b', name: 'coral' },
    ],
    figures: [
      { name: 'MAE on test', unit: 'classes', values: [0.634, 0.651], best: ['A'] },
      { name: 'calibration error', unit: 'share', values: [0.032, null], best: [] },
      { name: 'p50', unit: 'ms', values: [40.81, 39.5], best: ['B'] },
    ],
    notComparable: ['their datasets are split differently'],
    differs: [{ path: 'train.head', values: ['cumulative-link', 'coral'] }],
  });
  expect(lines.map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
    'A plain exp_a',
    'B coral exp_b',
    '',
    'A B',
    'MAE on test 0.634 * 0.651',
    'calibration error 3.2 % –',
    'p50 40.8 ms 39.5 ms *',
    '',
    'They differ in train.head.',
    'Their errors do not compare: their datasets are split differently.',
  ]);
});
