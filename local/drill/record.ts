import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit } from '../tier/commit.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT, ROOT } from '../tier/paths.ts';
import { markdownOf } from './report.ts';
import type { RowReport } from './verdict.ts';

/** A row as it is kept, with the commit and the day of its run. */
export type Kept = RowReport & { commit: string; date: string };

const ROWS = 'drill';
/** The last run of everything: how long it took, and its rows, with those run again for the page since. Other runs leave it alone. */
const WHOLE = 'drill-all';
const WHOLE_FILE = join(DOT, `${WHOLE}.json`);

const nameOf = ({ fault, stage, variant }: Pick<RowReport, 'fault' | 'stage' | 'variant'>): string =>
  `${fault}/${stage}/${variant}`;

/** The rows of a run of everything, with those that were run again since in their places. */
export const withAgain = (whole: readonly Kept[], again: readonly Kept[]): Kept[] => {
  const newer = new Map(again.map((row) => [nameOf(row), row]));
  return whole.map((row) => newer.get(nameOf(row)) ?? row);
};

type Whole = { minutes: number; rows: readonly Kept[] };

const readWhole = (): Whole => JSON.parse(readFileSync(WHOLE_FILE, 'utf8')) as Whole;

/** True when there is a run of everything whose rows could be replaced. */
export const hasWhole = (): boolean => existsSync(WHOLE_FILE);

/** Keeps the rows in `.spotforge/drill.json`, and with `toDocs` all that there are in docs/resilience.md. */
export const keep = (
  reports: readonly RowReport[],
  { all, minutes, toDocs }: { all: boolean; minutes: number; toDocs: boolean },
): void => {
  const stamp = { commit: commit().slice(0, 7), date: new Date().toISOString().slice(0, 10) };
  const own = reports.map((report) => ({ ...report, ...stamp }));
  const before = toDocs && !all ? readWhole() : { minutes, rows: own };
  const whole: Whole = { minutes: before.minutes, rows: withAgain(before.rows, own) };
  keepFigures(ROWS, whole.rows);
  if (all || toDocs) keepFigures(WHOLE, whole);
  if (toDocs) writeFileSync(join(ROOT, 'docs/resilience.md'), markdownOf(whole.rows, whole.minutes));
};
