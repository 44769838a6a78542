import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { explain, SetupFailure } from '../../../local/setup/failure.mjs';
import { command, ROOT, step } from '../../../local/setup/step.mjs';

const STAMP = join(ROOT, '.spotforge/setup/test-step');
const INPUT = join(ROOT, '.spotforge/setup/test-step-input');

describe('a set-up step', () => {
  const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  afterEach(() => {
    for (const file of [STAMP, INPUT]) rmSync(file, { force: true });
    quiet.mockClear();
  });

  const times = async (runs: { content: string; present?: boolean; fails?: boolean }[]): Promise<number> => {
    let ran = 0;
    for (const { content, present = true, fails = false } of runs) {
      mkdirSync(join(ROOT, '.spotforge/setup'), { recursive: true });
      writeFileSync(INPUT, content);
      const run = async () => {
        ran += 1;
        if (fails) throw new SetupFailure('no');
      };
      const options = {
        name: 'test-step',
        says: 'a test',
        files: ['.spotforge/setup/test-step-input'],
        present: () => present,
        run,
      };
      await step(options).catch(() => {});
    }
    return ran;
  };

  it('runs once and is skipped while its inputs are the same', async () => {
    expect(await times([{ content: 'a' }, { content: 'a' }, { content: 'a' }])).toBe(1);
  });

  it('runs again when an input has changed', async () => {
    expect(await times([{ content: 'a' }, { content: 'b' }])).toBe(2);
  });

  it('runs again when what it made is gone', async () => {
    expect(await times([{ content: 'a' }, { content: 'a', present: false }])).toBe(2);
  });

  it('runs again after it failed', async () => {
    expect(await times([{ content: 'a', fails: true }, { content: 'a' }])).toBe(2);
    expect(existsSync(STAMP)).toBe(true);
  });
});

describe('a set-up command', () => {
  it('that fails is told with the end of its output', async () => {
    await expect(command(['node', '-e', 'console.error("it broke"); process.exit(3)'])).rejects.toThrow(
      /failed with exit code 3. It said:\nit broke/,
    );
  });

  it('that is missing is one sentence', async () => {
    await expect(command(['no-such-tool'])).rejects.toThrow('Cannot find no-such-tool: install it and run the command again.');
  });

  it('that fills the disk is explained as a full disk', async () => {
    const error = await command(['node', '-e', 'console.error("write failed: No space left on device"); process.exit(1)']).catch(
      (e: unknown) => e,
    );
    expect(explain(error)).toMatch(/^The disk is full/);
  });
});
