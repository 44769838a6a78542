import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    awsEndpoint: string;
  }
}

const ROOT = join(import.meta.dirname, '../..');

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  return address.port;
};

/** Starts the emulator without authorization (policies are tested end to end) and tells the tests where it listens. */
export default async (project: TestProject) => {
  const state = await mkdtemp(join(tmpdir(), 'spotforge-functions-'));
  const emulator = spawn(
    join(ROOT, '.venv/bin/python'),
    ['-m', 'spotforge_emulator', '--port', String(await freePort()), '--state', state, '--no-auth'],
    { env: { ...process.env, PYTHONPATH: join(ROOT, 'local/emulator'), LOG_LEVEL: 'ERROR' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  emulator.stderr.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk}`.slice(-4000);
  });
  const ended = once(emulator, 'exit');
  const stop = async () => {
    if (emulator.exitCode === null && emulator.kill('SIGTERM')) await ended;
    await rm(state, { recursive: true, force: true });
  };
  const ready = Promise.race([
    once(createInterface(emulator.stdout), 'line').then(([line]) => JSON.parse(String(line)) as { endpoint: string }),
    ended.then(() => Promise.reject(new Error(`The emulator ended before it was ready:\n${errors}`))),
  ]);
  try {
    project.provide('awsEndpoint', (await ready).endpoint);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
};
