import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CRATES } from '../../local/inference/release-binary.ts';
import { ONNXRUNTIME_LIBRARY } from '../../local/setup/onnxruntime-library.mjs';
import { ROOT } from '../../local/tier/paths.ts';
import { type Counts, junitCounts, LOGS, logOf, oneCheck, type Suite } from './suite.ts';

const PYTHON = join(ROOT, '.venv/bin/python');
const WITH_LOCAL_AWS = join(ROOT, 'test/runner/with_local_aws.py');
const ADVISORIES = 'advisories (cargo-deny)';

/** Sums what libtest says of each test binary; a build that fails, or a crash, has failed once. */
export const libtestCounts = (code: number, output: string): Counts => {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)];
  const sum = (group: number): number => results.reduce((total, result) => total + Number(result[group]), 0);
  const failed = sum(2);
  return { passed: sum(1), failed: failed === 0 && code !== 0 ? 1 : failed };
};

/** Why the advisories were not looked at; undefined when they were. */
export const withoutAdvisories = (output: string): string | undefined =>
  /failed to (fetch|clone|open|load|lock)[^\n]*advisory database/i.test(output)
    ? 'their database is at GitHub, which cannot be reached from here'
    : undefined;

const cargo = (name: string, argv: readonly string[]): Suite => ({
  name,
  argv: ['cargo', ...argv],
  cwd: CRATES,
  count: oneCheck,
});

const deny = (name: string, ...argv: string[]): Suite => ({
  name,
  argv: [join(ROOT, '.venv-audit/bin/cargo-deny'), ...argv],
  cwd: CRATES,
  count: oneCheck,
});

/** Checks and builds of the Rust crates, one after the other: they share cargo's lock. */
export const RUST_CHECKS: Suite[] = [
  cargo('format (rustfmt)', ['fmt', '--all', '--check']),
  deny('licences (cargo-deny)', '--locked', '--offline', 'check', 'licenses', 'bans', 'sources'),
  { ...deny(ADVISORIES, '--locked', 'check', 'advisories'), report: logOf(ADVISORIES), notRun: withoutAdvisories },
  cargo('lint (clippy)', ['clippy', '--workspace', '--all-targets', '--locked', '--offline', '--', '--deny', 'warnings']),
  cargo('build (cargo)', ['test', '--workspace', '--locked', '--offline', '--no-run']),
];

const CARGO_TESTS = 'cargo test';
const parityReport = join(LOGS, 'served-parity.xml');

/** Their tests, in the debug profile, and then the parity stage with the server that they were built with. */
export const RUST_TESTS: Suite[] = [
  {
    name: CARGO_TESTS,
    // With an S3 and an EventBridge beside them: tests that need one leave themselves out where there is none.
    argv: [PYTHON, WITH_LOCAL_AWS, 'cargo', 'test', '--workspace', '--locked', '--offline', '--no-fail-fast'],
    cwd: CRATES,
    env: { ORT_DYLIB_PATH: ONNXRUNTIME_LIBRARY ?? '', PYTHONPATH: join(ROOT, 'local/emulator') },
    report: logOf(CARGO_TESTS),
    count: libtestCounts,
  },
  {
    name: 'parity through the server',
    argv: [
      PYTHON,
      ...['-m', 'pytest', 'test/containers/optimization/test_served_parity.py', '-k', 'itself', `--junitxml=${parityReport}`],
    ],
    env: {
      ORT_DYLIB_PATH: ONNXRUNTIME_LIBRARY ?? '',
      SPOTFORGE_INFERENCE_BINARY: join(CRATES, 'target/debug/spotforge-inference'),
    },
    report: parityReport,
    count: junitCounts,
  },
];

/** Whether this machine can build and run the server; if not, why. */
export const rustIsMissing = (): string | undefined => {
  if (spawnSync('cargo', ['--version'], { stdio: 'ignore' }).status !== 0) return 'cargo was not found';
  if (ONNXRUNTIME_LIBRARY === undefined) return 'the server runs on glibc Linux alone';
  return existsSync(ONNXRUNTIME_LIBRARY) ? undefined : `there is no ${ONNXRUNTIME_LIBRARY}`;
};

/** What becomes of the Rust suites: run, left out with a line, or, where every suite must run, failed. */
export const rustVerdict = (missing: string | undefined, ci: string | undefined): 'run' | 'skip' | 'fail' =>
  missing === undefined ? 'run' : ci === 'true' ? 'fail' : 'skip';
