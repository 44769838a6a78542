/** `npm test`: every suite, two side by side, the crates behind them, and one line that adds them up. */
import { readFileSync, rmSync } from 'node:fs';
import { COVERAGE } from './coverage.ts';
import { RUST_CHECKS, RUST_TESTS, rustIsMissing, rustVerdict } from './rust.ts';
import { type Counts, runSuite, type Suite, type SuiteResult } from './suite.ts';
import { EMULATOR_TESTS, END_TO_END, PYTHON_COVERAGE, STAGE_TESTS, STATIC, VITEST } from './suites.ts';

const TAIL_LINES = 60;

const line = ({ name, passed, failed, seconds, notRun }: SuiteResult): string =>
  notRun !== undefined
    ? `not run ${name}: ${notRun}`
    : `${failed === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(26)} ${String(passed).padStart(4)} passed, ${failed} failed  (${seconds.toFixed(0)} s)`;

const tail = (file: string): string => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');

/** What a person wants to see of a suite that passed, too: the coverage of each package. */
const coverageLines = ({ name, log }: SuiteResult): string[] =>
  name === 'vitest' || name === 'python coverage'
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter((text) => /^(All files|Statements|spotforge_\w+ )/.test(text.trim()))
    : [];

const lane = async (suites: readonly Suite[]): Promise<SuiteResult[]> => {
  const results: SuiteResult[] = [];
  for (const suite of suites) {
    const result = await runSuite(suite);
    console.log(line(result));
    for (const text of coverageLines(result)) console.log(`          ${text.trim()}`);
    if (result.failed > 0) console.log(`\n${tail(result.log)}\n`);
    results.push(result);
  }
  return results;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
rmSync(COVERAGE, { recursive: true, force: true });
const missing = rustIsMissing();
const rust = rustVerdict(missing, process.env.CI);
if (rust !== 'run') console.log(`${rust === 'skip' ? 'skipped' : 'FAILED '} the inference server's suites: ${missing}`);
// Two for two cores: beside more of them, what the end-to-end suite starts may take longer than its tests wait. So the crates, whose build takes
// every core it gets, come behind.
const suites = await Promise.all([lane([...STATIC, END_TO_END, EMULATOR_TESTS]), lane([STAGE_TESTS, VITEST])]);
const last = await lane([PYTHON_COVERAGE, ...(rust === 'run' ? [...RUST_CHECKS, ...RUST_TESTS] : [])]);
const results = [...suites.flat(), ...last];
const total = results.reduce<Counts>(
  (sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }),
  { passed: 0, failed: rust === 'fail' ? 1 : 0 },
);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
