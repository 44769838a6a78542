import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DOT } from '../../tier/paths.ts';
import type { Ticker } from '../../tier/ticker.ts';
import { TierFailure } from '../../tier/tier-failure.ts';

/** MIT. Pinned with everything below it by its own Cargo.lock. */
const VERSION = '1.16.0';
const HOME = join(DOT, 'tools', `oha-${VERSION}`);
const LAST_LINES = 12;

/** The load generator's path; built from crates.io the first time, which takes some minutes. */
export const installOha = async (ticker: Ticker): Promise<string> => {
  const program = join(HOME, 'bin/oha');
  if (existsSync(program)) return program;
  const doing = 'building the load generator oha (some minutes, once)';
  ticker.doing(doing);
  const child = spawn('cargo', ['install', `oha@${VERSION}`, '--locked', '--root', HOME], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  let crates = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (/^\s*Compiling /.test(line)) ticker.doing(`${doing}: ${++crates} crates`);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ticker.doing('');
  if (code !== 0) throw new TierFailure(`cargo install oha ended with ${code}:\n${lines.slice(-LAST_LINES).join('\n')}`);
  return program;
};
