/**
 * Sets up what is missing, then runs a TypeScript program under the Node 24 of node_modules: `node local/setup/run.mjs PROGRAM ARGS…`.
 * Plain JavaScript without packages, because it is what installs them.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { explain } from './failure.mjs';
import { ROOT } from './step.mjs';
import { setUp } from './toolchain.mjs';

const [program, ...args] = process.argv.slice(2);
const started = Date.now();

const run = () => {
  const env = {
    ...process.env,
    PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
    SPOTFORGE_SETUP_SECONDS: ((Date.now() - started) / 1000).toFixed(1),
    NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
  };
  const child = spawn(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, program), ...args], { stdio: 'inherit', env });
  // The terminal sends Ctrl-C to the program as well; it stops what it started, and this process waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
};

try {
  await setUp(program);
  run();
} catch (error) {
  const sentence = explain(error);
  if (sentence === undefined) throw error;
  console.error(`spotforge: ${sentence}`);
  process.exit(1);
}
