/** Prints the statement coverage of each Python package and fails below the floor of `[tool.spotforge.coverage-floors]` in pyproject.toml. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../local/tier/paths.ts';
import { COVERAGE } from './coverage.ts';

type Report = { files: Record<string, { summary: { covered_lines: number; num_statements: number } }> };

const floors = (): Map<string, number> => {
  const section =
    readFileSync(join(ROOT, 'pyproject.toml'), 'utf8').split('[tool.spotforge.coverage-floors]')[1]?.split('\n[')[0] ?? '';
  return new Map([...section.matchAll(/^(\w+) = (\d+)$/gm)].map(([, name, floor]) => [String(name), Number(floor)]));
};

const report = (): Report => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-coverage-'));
  try {
    const coverage = (...argv: string[]) =>
      execFileSync(join(ROOT, '.venv/bin/python'), ['-m', 'coverage', ...argv], { cwd: ROOT, stdio: 'inherit' });
    coverage('combine', '--quiet', ...readdirSync(COVERAGE).map((file) => join(COVERAGE, file)));
    coverage('json', '--quiet', '-o', join(folder, 'coverage.json'));
    return JSON.parse(readFileSync(join(folder, 'coverage.json'), 'utf8')) as Report;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const { files } = report();
let low = false;
for (const [name, floor] of floors()) {
  const own = Object.entries(files).filter(([file]) => file.split('/').includes(name));
  const statements = own.reduce((sum, [, { summary }]) => sum + summary.num_statements, 0);
  const covered = own.reduce((sum, [, { summary }]) => sum + summary.covered_lines, 0);
  const percent = statements === 0 ? 0 : (100 * covered) / statements;
  console.log(`${name.padEnd(24)} ${percent.toFixed(1).padStart(5)} % of ${statements} statements (floor ${floor} %)`);
  low ||= percent < floor;
}
process.exit(low ? 1 : 0);
