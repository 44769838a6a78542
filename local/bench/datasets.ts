/**
 * `npm run bench:datasets`: what preparing a dataset takes, at a hundred thousand rows and at a million: read, checked, compared for near
 * duplicates, split and written. About three minutes and 1 GB of disk.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { ROOT } from '../tier/paths.ts';
import { atMost, linesOf } from './interruption-figures.ts';

const FEW = 100_000;
const MANY = 1_000_000;
/** Of the peak: rows are never held, but 24 bytes are remembered of each. */
const MOST_GROWTH = 1.5;
const MOST_MEBIBYTES = 512;
const MIB = 1024 * 1024;

type Prepared = { seconds: number; peakBytes: number; rowsRead: number; pairs: number; leftOut: number };

const python = async (...args: string[]): Promise<string> => {
  const packages = ['runtime', 'data'].map((name) => join(ROOT, 'containers', name)).join(':');
  const env = { ...process.env, PYTHONPATH: packages };
  return (await promisify(execFile)(join(ROOT, '.venv/bin/python'), args, { env })).stdout;
};

const prepare = async (rows: number, folder: string): Promise<Prepared> => {
  const file = join(folder, `${rows}.csv`);
  await python(join(ROOT, 'local/bench/write_rows.py'), String(rows), file);
  const answer = await python(join(ROOT, 'local/bench/prepare_rows.py'), file, join(folder, String(rows)));
  return JSON.parse(answer) as Prepared;
};

await runCommand(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-datasets-'));
  try {
    const [few, many] = [await prepare(FEW, folder), await prepare(MANY, folder)];
    const mebibytes = (bytes: number): number => Math.round(bytes / MIB);
    const figures = [
      atMost(
        `peak memory at ${MANY} rows over ${FEW}`,
        Math.round((100 * many.peakBytes) / few.peakBytes) / 100,
        '×',
        MOST_GROWTH,
      ),
      atMost(`peak memory at ${MANY} rows`, mebibytes(many.peakBytes), 'MiB', MOST_MEBIBYTES),
    ];
    keepFigures('bench-datasets', { figures, few, many });
    for (const line of linesOf(figures)) console.log(line);
    for (const { rowsRead, seconds, peakBytes, pairs, leftOut } of [few, many]) {
      console.log(
        `      ${rowsRead} rows: ${seconds.toFixed(1)} s, ${mebibytes(peakBytes)} MiB, ${pairs} near duplicates, ${leftOut} rows left out`,
      );
    }
    if (figures.some(({ pass }) => !pass)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
});
