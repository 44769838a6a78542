import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TerminateJobCommand } from '@aws-sdk/client-batch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, Harness } from './harness.ts';

let batch: Harness;

beforeEach(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.definition('shell');
});
afterEach(() => batch.stop());

const restart = async (): Promise<void> => {
  await batch.halt();
  await batch.boot();
};
const allEvents = (id: string, number: number) =>
  eventually(() => batch.aws.statusesOf(id).length >= number, `${number} events of job ${id}`);

describe('after a restart of the executor', () => {
  it('events that the bus had not accepted go out, each once and in order', async () => {
    batch.aws.busIsDown = true;
    const id = await batch.submit('exit 0');
    await batch.ended(id);
    await restart();
    expect(batch.aws.statusesOf(id)).toEqual([]);
    batch.aws.busIsDown = false;
    await allEvents(id, 4);
    await restart();
    const later = await batch.submit('exit 0');
    await allEvents(later, 4);
    expect(batch.aws.statusesOf(id)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
  });

  it('late and held events go out, too; dropped ones do not', async () => {
    await batch.control('events/drop', { jobNamePattern: '*', statuses: ['RUNNABLE'] });
    await batch.control('events/delay', { jobNamePattern: '*', statuses: ['STARTING'], seconds: 3600 });
    await batch.control('events/reorder', { jobNamePattern: '*', count: 10 });
    const id = await batch.submit('exit 0');
    await batch.ended(id);
    await restart();
    await allEvents(id, 3);
    expect(batch.aws.statusesOf(id)).toEqual(['STARTING', 'RUNNING', 'SUCCEEDED']);
  });

  it('a job that ran has lost its host, and that is what its event says', async () => {
    const id = await batch.submit('sleep 60');
    await batch.until(id, 'RUNNING');
    const { body } = await batch.control('instances');
    const [{ instanceId } = { instanceId: '' }] = body.instances as { instanceId: string }[];
    await restart();
    const statusReason = `Host EC2 (instance ${instanceId}) terminated.`;
    expect(await batch.ended(id)).toMatchObject({ status: 'FAILED', statusReason, attempts: [{ statusReason }] });
    await allEvents(id, 4);
    expect(batch.aws.events.at(-1)?.detail).toMatchObject({ status: 'FAILED', statusReason });
    expect((await batch.control('instances')).body.instances).toMatchObject([{ instanceId, leftAt: expect.any(Number) }]);
  });

  it('a job that ran is retried on a new host when its strategy says so', async () => {
    const id = await batch.submit('[ $AWS_BATCH_JOB_ATTEMPT = 2 ] || sleep 60', { retryStrategy: { attempts: 2 } });
    await batch.until(id, 'RUNNING');
    await restart();
    const { status, attempts } = await batch.ended(id);
    expect([status, attempts?.length]).toEqual(['SUCCEEDED', 2]);
    expect(new Set(attempts?.map(({ container }) => container?.containerInstanceArn)).size).toBe(2);
  });

  it('a job that was between two attempts goes on with the next', async () => {
    const id = await batch.submit('[ $AWS_BATCH_JOB_ATTEMPT = 2 ] || sleep 60', { retryStrategy: { attempts: 2 } });
    await batch.until(id, 'RUNNING');
    await batch.halt();
    const file = join(batch.state, 'jobs', id, 'job.json');
    const { current, ...job } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...job, attempts: [{ ...current, exitCode: 1, stoppedAt: Date.now() }] }));
    await batch.boot();
    const { status, attempts } = await batch.ended(id);
    expect([status, attempts?.map(({ container }) => container?.exitCode)]).toEqual(['SUCCEEDED', [1, 0]]);
  });

  it('a job that was being terminated ends with the reason that it was terminated for', async () => {
    const id = await batch.submit('trap "" TERM; while :; do sleep 0.1; done', { retryStrategy: { attempts: 2 } });
    await batch.until(id, 'RUNNING');
    await batch.client.send(new TerminateJobCommand({ jobId: id, reason: 'Stage.Hung: it stands still' }));
    await restart();
    expect(await batch.ended(id)).toMatchObject({
      status: 'FAILED',
      statusReason: 'Stage.Hung: it stands still',
      attempts: [{}],
    });
  });

  it('a job that blocks its queue does so still, and says so only once', async () => {
    const huge = { containerOverrides: { resourceRequirements: [{ type: 'VCPU' as const, value: '64' }] } };
    const id = await batch.submit('exit 0', huge);
    await eventually(() => batch.aws.blockedEventsOf(id).length === 1, 'the event');
    await restart();
    const sentinel = await batch.submit('exit 0');
    await allEvents(sentinel, 1);
    expect((await batch.describe(id)).statusReason).toMatch(/^MISCONFIGURATION:/);
    expect(batch.aws.blockedEventsOf(id)).toHaveLength(1);
  });
});
