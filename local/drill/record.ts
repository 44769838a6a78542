import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit } from '../tier/commit.ts';
import { DOT, ROOT } from '../tier/paths.ts';
import { markdownOf } from './report.ts';
import type { RowReport } from './verdict.ts';

/** A row as it is kept, with the commit and the day of its run. */
export type Kept = RowReport & { commit: string; date: string };

const ROWS = join(DOT, 'drill.json');
/** How long the last run of everything took. */
const WHOLE = join(DOT, 'drill-all.json');

const nameOf = ({ fault, stage, variant }: Pick<RowReport, 'fault' | 'stage' | 'variant'>): string =>
  `${fault}/${stage}/${variant}`;

/** The rows of a run of everything, with those that were run again since in their places. */
export const withAgain = (whole: readonly Kept[], again: readonly Kept[]): Kept[] => {
  const newer = new Map(again.map((row) => [nameOf(row), row]));
  return whole.map((row) => newer.get(nameOf(row)) ?? row);
};

const read = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

/** True when there is a run of everything whose rows could be replaced. */
export const hasWhole = (): boolean => existsSync(WHOLE) && existsSync(ROWS);

/** Keeps the rows in `.spotforge/drill.json`, and with `toDocs` all that there are in docs/resilience.md. */
export const keep = (
  reports: readonly RowReport[],
  { all, minutes, toDocs }: { all: boolean; minutes: number; toDocs: boolean },
): void => {
  const stamp = { commit: commit().slice(0, 7), date: new Date().toISOString().slice(0, 10) };
  const own = reports.map((report) => ({ ...report, ...stamp }));
  const rows = toDocs && !all ? withAgain(read<Kept[]>(ROWS), own) : own;
  mkdirSync(DOT, { recursive: true });
  writeFileSync(ROWS, `${JSON.stringify(rows, null, 2)}\n`);
  if (all) writeFileSync(WHOLE, `${JSON.stringify({ minutes })}\n`);
  if (toDocs) writeFileSync(join(ROOT, 'docs/resilience.md'), markdownOf(rows, read<{ minutes: number }>(WHOLE).minutes));
};
