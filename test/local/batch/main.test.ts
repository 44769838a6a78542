import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeJobsCommand } from '@aws-sdk/client-batch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, Harness } from './harness.ts';

const MAIN = fileURLToPath(new URL('../../../local/batch/main.ts', import.meta.url));
const ENVIRONMENT = {
  PATH: process.env.PATH,
  AWS_ACCESS_KEY_ID: 'ROOTKEY',
  AWS_SECRET_ACCESS_KEY: 'root-secret',
  AWS_REGION: 'us-east-1',
};

let directory: string;
let images: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spotforge-main-'));
  images = join(directory, 'images.json');
  writeFileSync(images, JSON.stringify({ images: { 'spotforge/data': { python: '/usr/bin', pythonPath: [] } } }));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

const argumentsFor = (endpoint: string, more: string[] = []) => [
  MAIN,
  '--port',
  '0',
  '--state',
  join(directory, 'state'),
  '--aws-endpoint',
  endpoint,
  '--images',
  images,
  ...more,
];

async function launch(endpoint: string): Promise<{ child: ChildProcess; endpoint: string }> {
  const child = spawn('node', argumentsFor(endpoint), { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const ready = JSON.parse(line.toString()) as { ready: boolean; endpoint: string };
  expect(ready.ready).toBe(true);
  return { child, endpoint: ready.endpoint };
}

const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z';
  } catch {
    return false;
  }
};

/** A harness whose client speaks to an executor in a process of its own. */
async function besideProcess(): Promise<{ batch: Harness; child: ChildProcess; jobId: string; pid: number }> {
  const batch = await Harness.start();
  const { child, endpoint } = await launch(batch.aws.endpoint);
  await batch.halt();
  batch.connect(endpoint);
  await batch.queue('cpu');
  await batch.definition('shell');
  const jobId = await batch.submit('sleep 60');
  await batch.until(jobId, 'RUNNING');
  const attempts = (await (await fetch(`${endpoint}/_spotforge/attempts`)).json()) as { attempts: { pid: number }[] };
  return { batch, child, jobId, pid: attempts.attempts[0]?.pid ?? 0 };
}

describe('the executor’s process', () => {
  it('on SIGTERM ends its jobs and exits 0; after the next start they have lost their host', async () => {
    const { batch, child, jobId, pid } = await besideProcess();
    const began = Date.now();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(isAlive(pid)).toBe(false);
    const again = await launch(batch.aws.endpoint);
    batch.connect(again.endpoint);
    const { jobs } = await batch.client.send(new DescribeJobsCommand({ jobs: [jobId] }));
    expect(jobs?.[0]).toMatchObject({
      status: 'FAILED',
      statusReason: expect.stringMatching(/^Host EC2 \(instance i-0[0-9a-f]{16}\) terminated\.$/),
    });
    await eventually(() => batch.aws.statusesOf(jobId).includes('FAILED'), 'the event of the lost job');
    await batch.stop();
  });

  it('killed by SIGKILL takes its jobs along', async () => {
    const { batch, child, pid } = await besideProcess();
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await eventually(() => !isAlive(pid), 'the job to be gone');
    await batch.stop();
  });

  it('ends by itself when its parent is gone', async () => {
    const script = `node ${argumentsFor('http://127.0.0.1:9').join(' ')} > ${directory}/out & echo $!; while ! grep -q ready ${directory}/out; do sleep 0.05; done`;
    const { stdout } = spawnSync('sh', ['-c', script], { env: ENVIRONMENT });
    const pid = Number(stdout.toString().trim());
    await eventually(() => !isAlive(pid), 'the executor to end');
  });

  it.each([
    ['an unknown option', () => ['--porty', '1'], /Unknown option '--porty'.*Usage/],
    ['a missing images file', () => ['--images', '/none.json'], /images file \/none\.json cannot be used/],
    ['a state directory that cannot be made', () => ['--state', '/proc/none/state'], /state directory .* cannot be used/],
    ['a port that is no port', () => ['--port', '99999'], /port: .*Usage/],
  ])('says %s in one sentence and exits 2', (_, more, sentence) => {
    const { status, stderr } = spawnSync('node', argumentsFor('http://127.0.0.1:9', more()), {
      env: ENVIRONMENT,
      timeout: 8_000,
    });
    expect([status, stderr.toString().trim().split('\n').length]).toEqual([2, 1]);
    expect(stderr.toString()).toMatch(sentence);
  });

  it('says that its port is in use and exits 2', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { status, stderr } = spawnSync('node', argumentsFor('http://127.0.0.1:9', ['--port', String(port)]), {
      env: ENVIRONMENT,
      timeout: 8_000,
    });
    expect([status, stderr.toString()]).toEqual([
      2,
      `Port ${port} is in use by another program. Choose another one with --port.\n`,
    ]);
    other.close();
  });

  it('needs its key in the environment', () => {
    const { status, stderr } = spawnSync('node', argumentsFor('http://127.0.0.1:9'), { env: { PATH: process.env.PATH } });
    expect([status, stderr.toString()]).toEqual([2, expect.stringContaining('AWS_ACCESS_KEY_ID: is missing')]);
  });
});
