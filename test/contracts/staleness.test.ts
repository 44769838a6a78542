import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../local/tier/paths.ts';

it('the staleness check fails on a planted change of a generated file', { timeout: 60_000 }, () => {
  const file = join(ROOT, 'contracts/problem.schema.json');
  const content = readFileSync(file, 'utf8');
  const check = () =>
    execFileSync(process.execPath, ['local/contracts/write-contracts.ts', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  writeFileSync(file, content.replace('"type"', '"kind"'));
  try {
    expect(check).toThrow(/contracts\/problem\.schema\.json/);
  } finally {
    writeFileSync(file, content);
  }
});
