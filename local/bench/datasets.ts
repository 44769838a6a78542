/**
 * `npm run bench:datasets`: what preparing a dataset takes, at a hundred thousand rows and at a million: read, checked, compared for near
 * duplicates, split and written; as CSV, JSON lines and Parquet. About six minutes and 2 GB of disk.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { ROOT } from '../tier/paths.ts';
import { startTicker } from '../tier/ticker.ts';
import { atMost, linesOf } from './interruption-figures.ts';

const FEW = 100_000;
const MANY = 1_000_000;
/** Of the peak: rows are never held, but 24 bytes are remembered of each. */
const MOST_GROWTH = 1.5;
const MOST_MEBIBYTES = 512;
const MIB = 1024 * 1024;

const FORMATS = ['csv', 'jsonl', 'parquet'] as const;
type Format = (typeof FORMATS)[number];
type Prepared = { seconds: number; peakBytes: number; rowsRead: number; pairs: number; leftOut: number };

const python = async (...args: string[]): Promise<string> => {
  const packages = ['runtime', 'data'].map((name) => join(ROOT, 'containers', name)).join(':');
  const env = { ...process.env, PYTHONPATH: packages };
  return (await promisify(execFile)(join(ROOT, '.venv/bin/python'), args, { env })).stdout;
};

const prepare = async (rows: number, format: Format, folder: string): Promise<Prepared> => {
  const file = join(folder, `${rows}.${format}`);
  await python(join(ROOT, 'local/bench/write_rows.py'), String(rows), file);
  const answer = await python(join(ROOT, 'local/bench/prepare_rows.py'), file, join(folder, `${rows}-${format}`));
  return JSON.parse(answer) as Prepared;
};

const mebibytes = (bytes: number): number => Math.round(bytes / MIB);

await runCommand(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-datasets-'));
  const ticker = startTicker();
  try {
    const prepared: (Prepared & { format: Format })[] = [];
    for (const format of FORMATS) {
      for (const rows of [FEW, MANY]) {
        ticker.doing(`${rows} rows of ${format}`);
        const found = await prepare(rows, format, folder);
        prepared.push({ format, ...found });
        const { seconds, peakBytes, pairs, leftOut } = found;
        ticker.says(
          `${rows} rows of ${format}: ${seconds.toFixed(1)} s, ${mebibytes(peakBytes)} MiB, ${pairs} near duplicates, ${leftOut} rows left out`,
        );
      }
    }
    const peakOf = (format: Format, rows: number): number =>
      prepared.find((one) => one.format === format && one.rowsRead === rows)?.peakBytes ?? Number.NaN;
    const figures = FORMATS.flatMap((format) => [
      atMost(
        `${format}: peak memory at ${MANY} rows over ${FEW}`,
        Math.round((100 * peakOf(format, MANY)) / peakOf(format, FEW)) / 100,
        '×',
        MOST_GROWTH,
      ),
      atMost(`${format}: peak memory at ${MANY} rows`, mebibytes(peakOf(format, MANY)), 'MiB', MOST_MEBIBYTES),
    ]);
    ticker.stop();
    keepFigures('bench-datasets', { figures, prepared });
    for (const line of linesOf(figures)) console.log(line);
    if (figures.some(({ pass }) => !pass)) process.exitCode = 1;
  } finally {
    ticker.stop();
    rmSync(folder, { recursive: true });
  }
});
