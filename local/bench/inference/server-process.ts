import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { choosePort } from '../../tier/ports.ts';
import { TierFailure } from '../../tier/tier-failure.ts';
import { pinned, SERVER_CORE } from './cores.ts';

/** How a server is started on a port, and which path answers 200 once it can predict. */
export type Server = { name: string; argv: (port: number) => readonly string[]; env: Record<string, string>; ready: string };
export type RunningServer = { url: string; base: string; pid: number; readyMs: number; stop: () => Promise<void> };

const PREDICT = '/v1/predict';
const POLL_MS = 2;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

const isReady = (url: string): Promise<boolean> =>
  fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );

/** Starts a server on its core, and answers when it is ready. TierFailure with its last words when it does not come so far. */
export const startServer = async ({ name, argv, env, ready }: Server): Promise<RunningServer> => {
  const port = await choosePort(undefined, undefined);
  const [file, ...args] = pinned(SERVER_CORE, argv(port));
  const base = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told = (told + text).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('error', (error) => {
    told += String(error);
  });
  const group = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // its last process has just ended
    }
  };
  const kill = (): void => group('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    group('SIGTERM');
    await Promise.race([ended, sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
    kill();
    await ended;
    process.off('exit', kill);
  };
  const { pid } = child;
  while (!(await isReady(base + ready))) {
    if (pid === undefined || child.exitCode !== null || performance.now() - startedAt > READY_WITHIN_MS) {
      await stop();
      throw new TierFailure(`${name} did not become ready: ${told.trim()}`);
    }
    await sleep(POLL_MS);
  }
  return { url: base + PREDICT, base, pid: pid as number, readyMs: performance.now() - startedAt, stop };
};
