/** `npm run serve`: the inference server on the newest bundle of this machine, in the foreground. See docs/inference.md. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { runCommand } from '../tier/command-line.ts';
import { startTicker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { greeting } from './greeting.ts';
import { type LocalBundle, layOut, localBundles, newestModel, readBundle, servingFolder } from './local-bundles.ts';
import { readOptions } from './serve-options.ts';
import { buildServer, serverEnvironment } from './server-binary.ts';

const READY_POLL_MS = 100;

/** The bundle that was asked for, or the newest model with all its versions. */
const chosen = (given: string | undefined): LocalBundle[] => {
  if (given === undefined) {
    const found = newestModel(localBundles());
    if (found.length === 0)
      throw new TierFailure('There is no bundle on this machine: run npm run demo first, or name one with --bundle DIR.');
    return found;
  }
  const folder = resolve(process.env.INIT_CWD ?? '.', given);
  const bundle = readBundle(folder);
  if (bundle === undefined)
    throw new TierFailure(`${folder} holds no bundle: a folder with a bundle.json as the pipeline writes it is wanted.`);
  return [bundle];
};

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

await runCommand(async () => {
  const { bundle, port } = readOptions(process.argv.slice(2));
  const versions = chosen(bundle);
  const [newest] = versions as [LocalBundle];
  const ticker = startTicker();
  const binary = await buildServer(ticker).finally(() => ticker.stop());
  const token = randomBytes(16).toString('hex');
  // Nobody has to look elsewhere first: Ctrl-C ends it as soon as what it has taken is answered.
  const flags = ['--bundles', layOut(versions, servingFolder(newest)), '--port', String(port), '--drain-wait-seconds', '0'];
  const server = spawn(binary, ['serve', ...flags], {
    stdio: 'inherit',
    env: { ...serverEnvironment(), SPOTFORGE_ADMIN_TOKEN: token, SPOTFORGE_LOG: process.env.SPOTFORGE_LOG ?? 'warn' },
  });
  const ended = new Promise<number>((done, failed) => {
    server.once('error', failed);
    server.once('close', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
  // Ctrl-C reaches the server as well, which answers what it has taken and ends; this process waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => server.kill('SIGTERM'));
  const url = `http://127.0.0.1:${port}`;
  const greet = setInterval(async () => {
    if (!(await isReady(url))) return;
    clearInterval(greet);
    console.log(greeting(versions, url, token));
  }, READY_POLL_MS);
  process.exitCode = await ended.finally(() => clearInterval(greet));
});
