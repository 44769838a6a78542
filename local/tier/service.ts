import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { TierFailure } from './tier-failure.ts';

const START_MS = 60_000;
const STOP_MS = 15_000;

export type Service = { pid: number; stop: () => Promise<void>; exited: Promise<void> };

type ServiceCommand = { name: string; argv: [string, ...string[]]; env: Record<string, string>; cwd: string; log: string };

/** Starts a service in a process group of its own (Ctrl-C is ours to handle) and waits for its `{"ready": true}` line. */
export const startService = async ({ name, argv, env, cwd, log }: ServiceCommand): Promise<Service> => {
  const [file, ...args] = argv;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const output = createWriteStream(log, { flags: 'w' });
  child.stderr.pipe(output);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await ready(child, name, log);
  child.stdout.resume();
  return { pid: child.pid ?? -1, exited, stop: () => stop(child, exited) };
};

const ready = (child: ChildProcess, name: string, log: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new TierFailure(`${name} did not become ready within ${START_MS / 1000} s; see ${log}`));
    }, START_MS);
    let settled = false;
    const settle = (act: () => void): void => {
      if (settled) return; // its end, once it was ready, is nobody's failed start
      settled = true;
      clearTimeout(timer);
      act();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code) => settle(() => setTimeout(() => reject(new TierFailure(lastWords(name, code, log))), 100)));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{') && line.includes('"ready"')) settle(resolve);
    });
  });

/** A service that cannot start says why in one sentence on its standard error: that is what the user wants to read. */
const lastWords = (name: string, code: number | null, log: string): string => {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  return code === 2
    ? (lines.at(-1) ?? '')
    : `${name} ended at its start with exit code ${code}; see ${log}. It said: ${lines.at(-1)}`;
};

const stop = async (child: ChildProcess, exited: Promise<void>): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
};
