/** `npm run drill`: lists the drills; `-- spot-reclaim` runs one against a local tier of its own, `-- all` the whole fault matrix. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../tier/command-line.ts';
import { IMAGES } from '../tier/images.ts';
import { tierFolder } from '../tier/paths.ts';
import { startTicker, type Ticker } from '../tier/ticker.ts';
import { Tier } from '../tier/tier.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { runningTier } from '../tier/tier-record.ts';
import { writeDebugModel } from './debug-model.ts';
import { groundOnTier } from './drill-ground.ts';
import { withStandIns } from './images.ts';
import { FAULTS, MATRIX, type Row, rowsNamed } from './matrix.ts';
import { hasWhole, keep } from './record.ts';
import { distinctRows, problemsOf, tableOf } from './report.ts';
import { drillRestore, RESTORE } from './restore/restore-drill.ts';
import { runMatrix, withReference } from './run-matrix.ts';
import { drillSeveralProcesses, SEVERAL_PROCESSES } from './several-processes.ts';
import { TEN_AT_ONCE, tenAtOnce } from './ten-at-once.ts';
import type { RowReport } from './verdict.ts';

const NAME = 'drill';
/** One more than this machine has cores: some of them hang, wait or are held. */
const JOBS = 3;
const startedAt = Date.now();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
const nameOf = ({ fault, variant, stage }: Pick<Row, 'fault' | 'stage' | 'variant'>): string =>
  `${fault}/${stage}${variant === undefined ? '' : ` (${variant})`}`;

const list = (): string => {
  const width = Math.max(...Object.keys(FAULTS).map((fault) => fault.length));
  const lines = Object.entries(FAULTS).map(([fault, { proves, uses }]) => {
    const rows = rowsNamed(fault);
    const stages = [...new Set(rows.map(({ stage }) => stage))].map((stage) => {
      const times = rows.filter((row) => row.stage === stage).length;
      return times === 1 ? stage : `${stage} ×${times}`;
    });
    return `  ${fault.padEnd(width)}  ${proves}\n  ${''.padEnd(width)}  ${stages.join(', ')} · ${uses}`;
  });
  return [
    'Drills: each makes one thing go wrong for an experiment on a local tier of its own, and looks what comes of it.',
    '',
    ...lines,
    `  ${TEN_AT_ONCE.padEnd(width)}  ten experiments side by side, each with another fault: ten right endings`,
    `  ${RESTORE.padEnd(width)}  table and releases are lost and restored: every experiment and bundle is there again (no part of all)`,
    `  ${SEVERAL_PROCESSES.padEnd(width)}  SIGTERM and out of memory reach a training of two processes as they do one (no part of all)`,
    '',
    '  npm run drill -- spot-reclaim            one drill, in all its stages',
    '  npm run drill -- spot-reclaim/train      in one stage',
    '  npm run drill -- all [--write]           everything; --write puts the result into docs/resilience.md',
    '  npm run drill -- spot-reclaim --write    one again; --write replaces its rows there',
  ].join('\n');
};

const rowsOf = (names: readonly string[]): Row[] =>
  names.flatMap((name) => {
    if (name === 'all') return [...MATRIX, ...tenAtOnce()];
    const named = name === TEN_AT_ONCE ? tenAtOnce() : rowsNamed(name);
    if (named.length === 0) throw new TierFailure(`There is no drill ${name}: \`npm run drill\` lists them.`);
    return named;
  });

const runAll = async (tier: Tier, rows: readonly Row[], { says, doing }: Ticker): Promise<RowReport[]> => {
  const ground = await groundOnTier(tier, writeDebugModel(join(tierFolder(NAME), 'debug-model')));
  const total = withReference(rows).length;
  const under = new Set<string>();
  let done = 0;
  const tell = (): void => doing(`${done} of ${total} done · under way: ${[...under].join(', ')}`);
  const told = {
    started: (row: Row): void => {
      under.add(nameOf(row));
      tell();
    },
    ended: (row: Row, { pass, actual, problems, seconds }: RowReport): void => {
      done += 1;
      under.delete(nameOf(row));
      tell();
      says(`${pass ? 'pass' : 'FAIL'}  ${nameOf(row)}: ${pass ? actual : problems.join('; ')} (${seconds} s)`);
    },
  };
  return runMatrix(ground, rows, told, interrupted.signal);
};

/** Drills without rows for a page, by name. The one of restore leaves a tier without its table. */
const ALONE: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>> = {
  [RESTORE]: drillRestore,
  [SEVERAL_PROCESSES]: drillSeveralProcesses,
};

await runCommand(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean', default: false } } });
  if (positionals.length === 0) return console.log(list());
  const alone = positionals.find((name) => Object.hasOwn(ALONE, name));
  if (alone !== undefined) {
    if (positionals.length > 1 || values.write)
      throw new TierFailure(`The drill ${alone} is run alone and has no rows for a page: \`npm run drill -- ${alone}\`.`);
    return ALONE[alone]?.(interrupted.signal);
  }
  const all = positionals.includes('all');
  if (values.write && !all && !hasWhole())
    throw new TierFailure('--write wants the whole matrix first: `npm run drill -- all --write`.');
  const rows = rowsOf(positionals);
  const folder = tierFolder(NAME);
  if (runningTier(folder)) throw new TierFailure('Another drill is under way: wait for its end, or stop it.');
  const ticker = startTicker();
  const tier = await Tier.start({
    name: NAME,
    images: withStandIns(IMAGES),
    configuration: join(import.meta.dirname, 'deployment.json'),
    jobs: JOBS,
    says: (what) => ticker.doing(`local tier: ${what}`),
    signal: interrupted.signal,
  }).finally(() => ticker.doing('uploading'));
  try {
    const reports = await runAll(tier, rows, ticker);
    ticker.stop();
    const failed = problemsOf(reports);
    keep(reports, { all, minutes: Math.round((Date.now() - startedAt) / 60_000), toDocs: values.write });
    console.log(`\n${tableOf(reports)}\n`);
    for (const problem of failed) console.log(`FAIL  ${problem}`);
    const passed = reports.filter(({ pass }) => pass).length;
    console.log(
      `${passed} of ${reports.length} drills passed (${distinctRows(reports)} pairs of fault and stage). The rows are in .spotforge/drill.json.`,
    );
    if (failed.length > 0) process.exitCode = 1;
  } catch (error) {
    if (interrupted.signal.aborted) throw new TierFailure('interrupted.');
    throw error;
  } finally {
    ticker.stop();
    await tier.stop();
    // What was cut off must not be taken up by the next drill.
    if (interrupted.signal.aborted) rmSync(folder, { recursive: true, force: true });
  }
});
if (interrupted.signal.aborted) process.exitCode = 130;
process.exit();
