import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { ROOT } from '../tier/paths.ts';
import type { Ticker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';

/** As local/evaluation/telling.py writes them, one a line. */
const event = z.union([
  z.strictObject({ says: z.string() }),
  z.strictObject({ doing: z.string() }),
  z.strictObject({ figures: z.array(z.unknown()) }),
]);

const PACKAGES = [
  'containers/runtime',
  'containers/data',
  'containers/training',
  'containers/optimization',
  'local/emulator',
  'local/setup',
  'local/evaluation',
  'local/bench',
];
const WORDS_KEPT = 4_000;

/** Runs a program that measures with the stages' own code; shows what it tells, and answers the figures it tells of. */
export const runPython = async (
  program: string,
  args: readonly string[],
  ticker: Ticker,
  signal: AbortSignal,
): Promise<unknown[]> => {
  const child = spawn(join(ROOT, '.venv/bin/python'), [join(ROOT, program), ...args], {
    cwd: ROOT,
    env: { ...process.env, PYTHONPATH: PACKAGES.map((name) => join(ROOT, name)).join(':') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches this process alone, which then ends the child's whole group
  });
  const stop = (): void => void (child.pid && child.exitCode === null && process.kill(-child.pid, 'SIGINT'));
  signal.addEventListener('abort', stop, { once: true });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-WORDS_KEPT);
  });
  const closed = once(child, 'close');
  const figures: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const told = event.parse(JSON.parse(line));
    if ('says' in told) {
      ticker.doing(''); // what was under way is done
      ticker.says(told.says);
    }
    if ('doing' in told) ticker.doing(told.doing);
    if ('figures' in told) figures.push(...told.figures);
  }
  const [code] = await closed;
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw new TierFailure('interrupted.');
  if (code !== 0) throw new TierFailure(`${program} ended with ${code}: ${words.trim()}`);
  return figures;
};
