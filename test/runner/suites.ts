import { join } from 'node:path';
import { ROOT } from '../../local/tier/paths.ts';
import { COVERAGE } from './coverage.ts';
import { junitCounts, LOGS, oneCheck, type Suite } from './suite.ts';

const python = join(ROOT, '.venv/bin/python');
const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);
const tool = (name: string): string => join(ROOT, '.venv/bin', name);
const check = (name: string, ...argv: [string, ...string[]]): Suite => ({ name, argv, count: oneCheck });

const PYTHON_SOURCES = ['containers', 'local', 'test'];
const MYPY_PACKAGES = [
  'local/emulator/spotforge_emulator',
  'containers/runtime/spotforge_runtime',
  'containers/data/spotforge_data',
  'containers/training/spotforge_training',
  'containers/optimization/spotforge_optimization',
  'containers/inference/onnxruntime_library.py',
  'local/setup/demo_data.py',
  'local/evaluation',
  'local/bench',
];

export const STATIC: Suite[] = [
  check('format and lint (biome)', bin('biome'), 'ci', '--error-on-warnings', '.'),
  check('types (tsc)', bin('tsc'), '--project', '.'),
  check('dead code (knip)', bin('knip')),
  check('contracts are fresh', process.execPath, 'local/contracts/write-contracts.ts', '--check'),
  check('lint (ruff)', tool('ruff'), 'check', ...PYTHON_SOURCES),
  check('format (ruff)', tool('ruff'), 'format', '--check', ...PYTHON_SOURCES),
  check('types (mypy)', python, '-m', 'mypy', ...MYPY_PACKAGES),
  check('synth with cdk-nag', bin('cdk'), 'synth', '--quiet', '--output', join(ROOT, '.spotforge/assembly-checked')),
];

const vitestReport = join(LOGS, 'vitest.xml');
export const VITEST: Suite = {
  name: 'vitest',
  argv: [bin('vitest'), 'run', '--coverage', '--reporter=default', '--reporter=junit', `--outputFile.junit=${vitestReport}`],
  report: vitestReport,
  count: junitCounts,
};

/** One pytest process over a folder, with coverage data of its own: two that share a file erase each other's. */
const pytest = (name: string, folder: string, coverage: string): Suite => {
  const report = join(LOGS, `${coverage}.xml`);
  return {
    name,
    argv: [python, '-m', 'pytest', folder, `--junitxml=${report}`, '--cov', '--cov-report=', '--durations=15'],
    env: { COVERAGE_FILE: join(COVERAGE, coverage) },
    report,
    count: junitCounts,
  };
};
export const STAGE_TESTS = pytest('pytest of the stages', 'test/containers', 'stages');
export const EMULATOR_TESTS = pytest('pytest of the local AWS', 'test/local', 'local-aws');

const e2eReport = join(LOGS, 'e2e.xml');
export const END_TO_END: Suite = {
  name: 'end to end',
  argv: [
    bin('vitest'),
    'run',
    '--config',
    'test/e2e/vitest.config.ts',
    '--reporter=default',
    '--reporter=junit',
    `--outputFile.junit=${e2eReport}`,
  ],
  report: e2eReport,
  count: junitCounts,
};

/** One floor for each Python package, the subprocesses of stages included; the figures are in coverage-floors.ts. */
export const PYTHON_COVERAGE: Suite = check('python coverage', process.execPath, 'test/runner/python-coverage.ts');
