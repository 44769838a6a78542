import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupFailure } from './failure.mjs';

export const ROOT = join(import.meta.dirname, '../..');
const STAMPS = join(ROOT, '.spotforge/setup');

const hashOf = (files, extra) => {
  const hash = createHash('sha256').update(extra);
  for (const file of files) hash.update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
};

/**
 * Runs a step unless its stamp says that it ran with the same inputs and what it made is still there.
 * @param {{name: string, says: string, files: string[], extra?: string, present: () => boolean, run: () => Promise<void>}} step
 */
export const step = async ({ name, says, files, extra = '', present, run }) => {
  const stamp = join(STAMPS, name);
  const hash = hashOf(files, extra);
  if (present() && read(stamp) === hash) return;
  rmSync(stamp, { force: true });
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  process.stderr.write(`set-up  ${says} …\n`);
  const ticking = setInterval(() => process.stderr.write(`set-up  ${says}: ${seconds()} so far\n`), 15_000);
  try {
    await run();
  } finally {
    clearInterval(ticking);
  }
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, hash);
  process.stderr.write(`set-up  ${says}: done in ${seconds()}\n`);
};

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Runs a command and fails with the end of what it printed. */
export const command = (argv, { cwd = ROOT, env = process.env } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const keep = (chunk) => {
      tail = (tail + chunk).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) =>
      reject(error.code === 'ENOENT' ? new SetupFailure(`Cannot find ${argv[0]}: install it and run the command again.`) : error),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(tail);
      if (/No space left on device|ENOSPC/.test(tail)) return reject(Object.assign(new Error('disk full'), { code: 'ENOSPC' }));
      const what = `${argv.slice(0, 4).join(' ')} ${signal ? `was ended by ${signal}` : `failed with exit code ${code}`}`;
      reject(new SetupFailure(`${what}. It said:\n${tail.trim().split('\n').slice(-12).join('\n')}`));
    });
  });
