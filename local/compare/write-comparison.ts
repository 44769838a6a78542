import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';

const comparison = z.strictObject({
  experiments: z.array(z.strictObject({ letter: z.string(), id: z.string(), name: z.string() })),
  notComparable: z.array(z.string()).describe('why their errors say nothing about each other'),
  figures: z.array(
    z.strictObject({
      name: z.string(),
      unit: z.enum(['classes', 'share', 'ms']),
      values: z.array(z.number().nullable()).describe('in the order of the experiments'),
      best: z.array(z.string()).describe('letters'),
    }),
  ),
  differs: z.array(z.strictObject({ path: z.string(), values: z.array(z.unknown()) })).describe('fields of the spec'),
});
export type Comparison = z.infer<typeof comparison>;

/**
 * Writes the page of these reports and answers what is on it in figures.
 * @throws TierFailure when one of them is no report
 */
export const writeComparison = async (reports: readonly string[], page: string): Promise<Comparison> => {
  const argv = ['-m', 'spotforge_optimization.report.compare', '--out', page, ...reports];
  const env = {
    PATH: process.env.PATH,
    PYTHONPATH: [join(ROOT, 'containers/runtime'), join(ROOT, 'containers/optimization')].join(':'),
  };
  try {
    const { stdout } = await promisify(execFile)(join(ROOT, '.venv/bin/python'), argv, { env });
    return comparison.parse(JSON.parse(stdout));
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: unknown };
    if (code === 64 && stderr) throw new TierFailure(stderr.trim());
    throw error;
  }
};
