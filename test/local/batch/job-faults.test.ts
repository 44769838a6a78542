import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness, ROLE } from './harness.ts';

let batch: Harness;
const folder = mkdtempSync(`${tmpdir()}/spotforge-overlay-`);

beforeAll(async () => {
  batch = await Harness.start({ maxConcurrentJobs: 8 });
  await batch.queue('cpu');
  await batch.definition('shell', { environment: [{ name: 'PYTHONPATH', value: '/own' }] });
});
afterAll(async () => {
  await batch.stop();
  rmSync(folder, { recursive: true });
});

/** A job whose main process has a child and writes what became of it. */
async function parentWithChild(jobName: string): Promise<string> {
  const id = await batch.submit('sleep 60 & echo up; wait $!; echo "the child ended with $?"; exit 7', { jobName });
  await batch.logOf(id, 'up');
  return id;
}

describe('a running job on request', () => {
  it('is killed as a whole: exit code 137 and no reason', async () => {
    const id = await parentWithChild('all-killed');
    expect((await batch.control('jobs/kill', { jobName: 'all-killed', process: 'container' })).body).toEqual({ jobId: id });
    const job = await batch.ended(id);
    expect(job).toMatchObject({
      status: 'FAILED',
      statusReason: 'Essential container in task exited',
      container: { exitCode: 137 },
    });
    expect(job.container?.reason).toBeUndefined();
  });

  it('loses only its child: the parent lives and says how it ended', async () => {
    const id = await parentWithChild('child-killed');
    await batch.control('jobs/kill', { jobId: id, process: 'child' });
    expect(await batch.ended(id)).toMatchObject({ status: 'FAILED', container: { exitCode: 7 } });
    expect(await batch.logOf(id, 'the child ended')).toContain('the child ended with 137');
  });

  it('without a child refuses to lose one', async () => {
    const id = await batch.submit('exec sleep 60');
    await batch.until(id, 'RUNNING');
    const { status, body } = await batch.control('jobs/kill', { jobId: id, process: 'child' });
    expect([status, body.message]).toEqual([400, expect.stringMatching(/has no child process now: one that runs is expected/)]);
    await batch.control('jobs/kill', { jobId: id, process: 'container' });
    await batch.ended(id);
    const late = await batch.control('jobs/kill', { jobId: id, process: 'container' });
    expect([late.status, late.body.message]).toEqual([400, expect.stringMatching(/is FAILED: a job that .* is expected/)]);
  });

  it('runs out of memory in the words of ECS', async () => {
    const id = await parentWithChild('hungry');
    await batch.control('jobs/out-of-memory', { jobName: 'hungry' });
    expect(await batch.ended(id)).toMatchObject({
      status: 'FAILED',
      container: { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
    });
  });

  it('loses its host without any notice, not even SIGTERM', async () => {
    const warned = join(folder, 'warned');
    const id = await batch.submit(`trap "touch ${warned}; exit 75" TERM; echo up; while :; do sleep 0.02; done`);
    await batch.logOf(id, 'up');
    const { body } = await batch.control('hosts/reclaim', { jobId: id, noticeSeconds: 0 });
    const job = await batch.ended(id);
    expect(job).toMatchObject({ status: 'FAILED', statusReason: `Host EC2 (instance ${body.instanceId}) terminated.` });
    expect(existsSync(warned)).toBe(false);
  });
});

describe('a job that is to start', () => {
  it('never starts, with the reason asked for, as often as asked', async () => {
    const reason = 'CannotStartContainerError: no space left on device';
    await batch.control('jobs/cannot-start', { jobNamePattern: 'stuck-*', reason });
    const stuck = await batch.ended(await batch.submit('exit 0', { jobName: 'stuck-1' }));
    expect(stuck).toMatchObject({ status: 'FAILED', statusReason: reason, container: { reason } });
    expect(stuck.startedAt).toBeUndefined();
    expect(stuck.container?.exitCode).toBeUndefined();
    expect((await batch.ended(await batch.submit('exit 0', { jobName: 'stuck-2' }))).status).toBe('SUCCEEDED');
  });

  it('cannot pull its image when no reason is given', async () => {
    await batch.control('jobs/cannot-start', { jobNamePattern: 'imageless' });
    const job = await batch.ended(await batch.submit('exit 0', { jobName: 'imageless' }));
    expect(job.container?.reason).toMatch(/^CannotPullContainerError: .*spotforge\/data:1/);
  });

  it('has the overlay’s folder first on PYTHONPATH and its variables over all others', async () => {
    await batch.control('jobs/overlay', {
      jobNamePattern: 'overlaid',
      pythonPath: folder,
      environment: { FAULT: 'hang', AWS_REGION: 'mars-1' },
    });
    const seen = 'echo "$PYTHONPATH $FAULT $AWS_REGION ."';
    const id = await batch.submit(seen, { jobName: 'overlaid' });
    expect(await batch.logOf(id, '.')).toEqual([`${folder}:/own hang mars-1 .`]);
    const next = await batch.submit(seen, { jobName: 'overlaid' });
    expect(await batch.logOf(next, '.')).toEqual(['/own  us-east-1 .']);
  });

  it('has another attempt duration', async () => {
    await batch.control('jobs/time-out', { jobNamePattern: 'short', seconds: 0.2 });
    const job = await batch.ended(await batch.submit('sleep 60', { jobName: 'short', timeout: { attemptDurationSeconds: 600 } }));
    expect(job).toMatchObject({ status: 'FAILED', statusReason: 'Job attempt duration exceeded timeout' });
  });

  it('keeps its fault for the start: one that fails before it starts uses up no overlay and no time-out', async () => {
    await batch.control('jobs/time-out', { jobNamePattern: 'roleless', seconds: 600 });
    await batch.control('jobs/overlay', { jobNamePattern: 'roleless', pythonPath: folder });
    batch.aws.refusedRoles.add(ROLE);
    await batch.definition('role', { jobRoleArn: ROLE });
    await batch.ended(await batch.submit('exit 0', { jobName: 'roleless', jobDefinition: 'role' }));
    batch.aws.refusedRoles.delete(ROLE);
    expect((await batch.control('faults')).body.faults).toMatchObject([{ fault: 'jobs/overlay' }, { fault: 'jobs/time-out' }]);
    await batch.control('faults', undefined, 'DELETE');
  });
});
