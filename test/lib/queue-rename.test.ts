import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** A copy of the app in which a queue has another name wherever it is named. */
const renamed = (from: string, to: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'renamed-queue-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['bin', 'lib', 'functions', 'state-machines', 'package.json', 'cdk.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const file of ['queues', 'stages', 'rehearsals']) {
    const path = join(folder, `lib/config/${file}.ts`);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`'${from}'`, `'${to}'`));
  }
  return folder;
};

describe('a queue that gets another name in the code', () => {
  it('is refused by the synth, with the two steps that do it', () => {
    const { status, stderr } = spawnSync(process.execPath, ['bin/spotforge.ts'], {
      cwd: renamed('cpu-spot', 'cpu-cheap'),
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^The deployment cannot be built as configured:\n {2}- queue \{name\}-cpu-spot is in use and is gone/);
    expect(stderr).toContain('Do it in two steps.');
    expect(stderr).not.toContain('    at '); // a sentence, no stack
    expect(status).toBe(1);
  });
});
