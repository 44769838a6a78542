import type { DrillGround } from './drill-ground.ts';
import { forgetFaults } from './fault-routes.ts';
import { LANES, REFERENCE, type Row } from './matrix.ts';
import { runRow } from './run-row.ts';
import { broken, judge, type RowReport, type Seen } from './verdict.ts';

/** Side by side: few jobs run at a time, and some of the experiments wait, for a supervisor or a pause. */
const WIDTH: Record<Row['lane'], number> = { together: 5, disturbing: 3, alone: 1, 'at-once': 10 };
/** Far beyond the slowest row: a drill that waits for ever is a failed one. */
const ROW_MS = 600_000;

export type Told = { started: (row: Row) => void; ended: (row: Row, report: RowReport) => void };

type Run = { row: Row; seen: Seen | undefined; error: unknown; seconds: number };

const tryRow = async (ground: DrillGround, row: Row, signal: AbortSignal): Promise<Run> => {
  const startedAt = Date.now();
  const limit = AbortSignal.timeout(ROW_MS);
  const secondsSoFar = (): number => Math.round((Date.now() - startedAt) / 1000);
  try {
    return { row, seen: await runRow(ground, row, AbortSignal.any([signal, limit])), error: undefined, seconds: secondsSoFar() };
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      row,
      seen: undefined,
      error: limit.aborted ? new Error(`not over after ${ROW_MS / 1000} s`) : error,
      seconds: secondsSoFar(),
    };
  }
};

/** Rows that ask for the same weights need the run to compare with. */
export const withReference = (wanted: readonly Row[]): readonly Row[] =>
  wanted.some(({ expected }) => expected.sameWeights) ? [REFERENCE, ...wanted.filter((row) => row !== REFERENCE)] : wanted;

/** Runs rows lane by lane and judges each against the reference, which goes first where a row asks for the same weights. */
export const runMatrix = async (
  ground: DrillGround,
  wanted: readonly Row[],
  told: Told,
  signal: AbortSignal,
): Promise<RowReport[]> => {
  const rows = withReference(wanted);
  const reports = new Map<Row, RowReport>();
  let reference: string | null = null;
  const waiting: Run[] = [];
  const report = (run: Run): void => {
    const judged = run.seen ? judge(run.row, run.seen, reference) : broken(run.row, run.error, run.seconds);
    reports.set(run.row, judged);
    told.ended(run.row, judged);
  };
  const take = (run: Run): void => {
    if (run.row === REFERENCE) {
      reference = run.seen?.weights ?? 'the reference has no weights';
      report(run);
      for (const each of waiting.splice(0)) report(each);
    } else if (run.row.expected.sameWeights && reference === null) waiting.push(run);
    else report(run);
  };
  for (const lane of LANES) {
    const queue = rows.filter((row) => row.lane === lane);
    // Half of the workers begin at the end: the matrix has the rows that mostly compute first, and those that mostly wait last.
    const next = (worker: number): Row | undefined => (worker % 2 === 0 ? queue.shift() : queue.pop());
    const work = async (worker: number): Promise<void> => {
      for (let row = next(worker); row; row = next(worker)) {
        told.started(row);
        take(await tryRow(ground, row, signal));
        if (lane === 'alone') await forgetFaults(ground.operator);
      }
    };
    await Promise.all(Array.from({ length: WIDTH[lane] }, (_, worker) => work(worker)));
    if (rows.some((row) => row.lane === lane)) await forgetFaults(ground.operator);
  }
  return rows.flatMap((row) => reports.get(row) ?? []);
};
