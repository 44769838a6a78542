/** A row of `.spotforge/bench-interruption.json` and `.spotforge/bench-deploy.json`. */
export type Figure = { metric: string; value: number; unit: string; target: number; pass: boolean };

/** One figure that may be at most so much. */
export const atMost = (metric: string, value: number, unit: string, target: number): Figure => ({
  metric,
  value,
  unit,
  target,
  pass: value <= target,
});

/** For a terminal: what was measured, what it may be at most, and whether it is. */
export const linesOf = (figures: readonly Figure[]): string[] => {
  const width = Math.max(...figures.map(({ metric }) => metric.length));
  return figures.map(
    ({ metric, value, unit, target, pass }) =>
      `${pass ? 'pass' : 'FAIL'}  ${metric.padEnd(width)}  ${value} ${unit}, at most ${target} ${unit}`,
  );
};
