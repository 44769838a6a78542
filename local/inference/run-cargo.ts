import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Ticker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { CRATES } from './release-binary.ts';

const LAST_LINES = 20;

/** Cargo's word for what it does, of the lines it prints: `Compiling ort v2.0.0`, `Building [==> ] 12/340`. */
const WORK = /^\s*(Compiling|Building|Checking|Downloaded|Finished|Running) (.*)/;

export type CargoRun = { code: number | null; printed: string; lastWords: string };

/** Runs cargo on the crates, without a network, and tells what it builds. TierFailure when this machine has none. */
export const runCargo = async (
  ticker: Ticker,
  what: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<CargoRun> => {
  ticker.doing(what);
  const child = spawn('cargo', args, { cwd: CRATES, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let printed = '';
  let crates = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    const [, verb, subject] = WORK.exec(line) ?? [];
    if (verb === 'Compiling') crates += 1;
    if (verb) ticker.doing(`${what}: ${crates} crates, ${verb.toLowerCase()} ${subject}`);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT' ? new TierFailure('Cannot find cargo: install Rust ≥ 1.94.1 and run the command again.') : error,
      ),
    );
    child.once('close', resolve);
  });
  ticker.doing('');
  return { code, printed, lastWords: lines.slice(-LAST_LINES).join('\n') };
};
