import type { Comparison } from './write-comparison.ts';

type Unit = Comparison['figures'][number]['unit'];

const shown = (value: number | null | undefined, unit: Unit): string => {
  if (value === null || value === undefined) return '–';
  if (unit === 'share') return `${(100 * value).toFixed(1)} %`;
  return unit === 'ms' ? `${value.toFixed(1)} ms` : value.toFixed(3);
};

/** The figures as a table for a terminal, the best of each line with a star. */
export const comparisonLines = ({ experiments, figures, notComparable, differs }: Comparison): string[] => [
  ...experiments.map(({ letter, name, id }) => `${letter}  ${name}  ${id}`),
  '',
  `${''.padEnd(34)}${experiments.map(({ letter }) => letter.padStart(12)).join('')}`,
  ...figures.map(
    ({ name, unit, values, best }) =>
      name.padEnd(34) +
      experiments.map(({ letter }, i) => `${shown(values[i], unit)}${best.includes(letter) ? ' *' : '  '}`.padStart(12)).join(''),
  ),
  '',
  differs.length === 0 ? 'Their specs are the same.' : `They differ in ${differs.map(({ path }) => path).join(', ')}.`,
  ...(notComparable.length === 0 ? [] : [`Their errors do not compare: ${notComparable.join('; ')}.`]),
];
