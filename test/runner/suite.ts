import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DOT, ROOT } from '../../local/tier/paths.ts';

export type Counts = { passed: number; failed: number };
/** `notRun` says why a suite did not do what it is for, without having failed. */
export type SuiteResult = Counts & { name: string; seconds: number; log: string; notRun?: string | undefined };

/** A suite is one command; `count` reads how many of its tests passed from the report that it wrote. */
export type Suite = {
  name: string;
  argv: [string, ...string[]];
  /** Absent: the repository's root. */
  cwd?: string;
  env?: Record<string, string>;
  report?: string;
  count: (code: number, report: string) => Counts;
  /** Reads from a report why nothing could be found out; the suite then counts for nothing. */
  notRun?: (report: string) => string | undefined;
};

export const LOGS = join(DOT, 'test-logs');
const STILL_RUNNING_MS = 30_000;

/** Where a suite's output goes; also its report, when it counts what it prints. */
export const logOf = (name: string): string => join(LOGS, `${name.replaceAll(/\W+/g, '-')}.log`);

/** A static check counts as one test. */
export const oneCheck = (code: number): Counts => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 });

/** Counts of a JUnit report; a suite that fails without a failed test (a coverage floor, a crash) has failed once. */
export const junitCounts = (code: number, report: string): Counts => {
  const sum = (attribute: string): number =>
    [...report.matchAll(/<testsuite [^>]*>/g)].reduce(
      (total, [tag]) => total + Number(new RegExp(` ${attribute}="(\\d+)"`).exec(tag)?.[1] ?? 0),
      0,
    );
  const failed = sum('failures') + sum('errors');
  const passed = sum('tests') - failed - sum('skipped');
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
};

/** Runs a suite with its output in a log file; it ends with this process. */
export const runSuite = async (suite: Suite): Promise<SuiteResult> => {
  const { name, argv, cwd = ROOT, env = {}, report, count, notRun } = suite;
  const [file, ...args] = argv;
  mkdirSync(LOGS, { recursive: true });
  if (report) rmSync(report, { force: true });
  const log = logOf(name);
  const output = createWriteStream(log);
  const started = Date.now();
  const seconds = (): number => (Date.now() - started) / 1000;
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (): void => void child.kill('SIGTERM');
  process.once('exit', end);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const timer = setInterval(() => console.log(`        ${name}: ${seconds().toFixed(0)} s so far`), STILL_RUNNING_MS);
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      output.write(`${error}\n`);
      resolve(127);
    });
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  clearInterval(timer);
  process.off('exit', end);
  await new Promise((resolve) => output.end(resolve));
  const written = report ? read(report) : '';
  const why = notRun?.(written);
  const counts = why === undefined ? count(code, written) : { passed: 0, failed: 0 };
  return { name, ...counts, seconds: seconds(), log, notRun: why };
};

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
