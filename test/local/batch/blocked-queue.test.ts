import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UpdateComputeEnvironmentCommand, UpdateJobQueueCommand } from '@aws-sdk/client-batch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callRaw, violations } from './botocore-model.ts';
import { eventually, Harness } from './harness.ts';

const documented = JSON.parse(
  readFileSync(new URL('../../fixtures/aws/batch/job-queue-blocked-event.json', import.meta.url), 'utf8'),
).event;
const QUEUE = 'arn:aws:batch:us-east-1:000000000000:job-queue/cpu';
const CAUSES = {
  capacity: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
  vcpus: 'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
  memory: 'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
};

let batch: Harness;

beforeEach(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.definition('shell');
});
afterEach(() => batch.stop());

const limit = (...reasons: string[]) =>
  batch.client.send(
    new UpdateJobQueueCommand({
      jobQueue: 'cpu',
      jobStateTimeLimitActions: reasons.map((reason) => ({ reason, state: 'RUNNABLE', maxTimeSeconds: 600, action: 'CANCEL' })),
    }),
  );
const blocked = (id: string) =>
  eventually(async () => {
    const job = await batch.describe(id);
    return job.statusReason ? job : undefined;
  }, `job ${id} to block its queue`);
const capacity = (available: boolean, queue = 'cpu') => batch.control('queues/capacity', { queue, available });
const needing = (type: 'VCPU' | 'MEMORY', value: string) => ({ containerOverrides: { resourceRequirements: [{ type, value }] } });

describe('a queue without capacity', () => {
  it('keeps its jobs RUNNABLE, lets the running one go on, and starts them when there is some again', async () => {
    const signal = join(batch.state, 'end-now');
    const running = await batch.submit(`until [ -e ${signal} ]; do sleep 0.02; done`);
    await batch.until(running, 'RUNNING');
    expect((await capacity(false)).body).toEqual({ queue: QUEUE, available: false });
    const head = await batch.submit('exit 0');
    const behind = await batch.submit('exit 0');
    writeFileSync(signal, '');
    expect((await batch.ended(running)).status).toBe('SUCCEEDED');
    const { status, statusReason } = await blocked(head);
    expect([status, statusReason]).toEqual(['RUNNABLE', expect.stringMatching(`^${CAUSES.capacity} - .*\\[c6i\\]$`)]);
    expect(await batch.describe(behind)).toMatchObject({ status: 'RUNNABLE' });
    expect((await batch.describe(behind)).statusReason).toBeUndefined();
    await capacity(true, QUEUE);
    expect((await batch.ended(head)).status).toBe('SUCCEEDED');
    expect((await batch.ended(behind)).status).toBe('SUCCEEDED');
  });

  it('cancels its head when the queue’s time limit has passed on the executor’s clock, then the next', async () => {
    await limit(CAUSES.vcpus, CAUSES.capacity);
    await capacity(false);
    const [head, next] = [await batch.submit('exit 0'), await batch.submit('exit 0')];
    await blocked(head);
    await batch.control('clock', { timeScale: 1200 });
    for (const id of [head, next]) {
      expect(await batch.ended(id)).toMatchObject({
        status: 'FAILED',
        statusReason: `Canceled by JobStateTimeLimit action due to reason: ${CAUSES.capacity}`,
        attempts: [],
      });
    }
    const [first, second] = await Promise.all([batch.describe(head), batch.describe(next)]);
    expect(second.stoppedAt ?? 0).toBeGreaterThan(first.stoppedAt ?? 0);
  });

  it('cancels nobody for a cause without an action, and obeys an action that is added later', async () => {
    await limit(CAUSES.memory);
    await capacity(false);
    const id = await batch.submit('exit 0');
    await blocked(id);
    await batch.control('clock', { timeScale: 60_000 });
    // A sentinel on the same clock: 6,000 s, ten times the limit.
    await batch.control('events/delay', { jobNamePattern: 'sentinel', statuses: ['RUNNABLE'], seconds: 6_000 });
    const sentinel = await batch.submit('exit 0', { jobName: 'sentinel' });
    await eventually(() => batch.aws.statusesOf(sentinel).length === 1, 'the sentinel’s event');
    expect((await batch.describe(id)).status).toBe('RUNNABLE');
    await limit(CAUSES.capacity);
    expect((await batch.ended(id)).statusReason).toMatch(/^Canceled by JobStateTimeLimit action/);
  });
});

describe('a job at the head that no environment can ever hold', () => {
  it.each([
    ['vCPUs', CAUSES.vcpus, needing('VCPU', '32')],
    ['memory', CAUSES.memory, needing('MEMORY', '99999999')],
  ])('says so while it waits, and is cancelled in time: %s', async (_, cause, overrides) => {
    await limit(...Object.values(CAUSES));
    const id = await batch.submit('exit 0', overrides);
    expect((await blocked(id)).statusReason).toMatch(`${cause} - `);
    await batch.control('clock', { timeScale: 1200 });
    expect((await batch.ended(id)).statusReason).toBe(`Canceled by JobStateTimeLimit action due to reason: ${cause}`);
  });
});

describe('the event of a blocked queue', () => {
  it('is sent once, in AWS’s documented shape', async () => {
    await capacity(false);
    const id = await batch.submit('exit 0', { tags: { team: 'blue' } });
    await eventually(() => batch.aws.blockedEventsOf(id).length === 1, 'the event');
    await batch.submit('exit 0');
    const { statusReason } = await blocked(id);
    const [event, ...more] = batch.aws.blockedEventsOf(id);
    expect(more).toEqual([]);
    expect(event?.entry).toMatchObject({
      Source: documented.source,
      DetailType: documented['detail-type'],
      Resources: [event?.detail.jobArn, QUEUE],
    });
    expect(Object.keys(documented.detail).filter((member) => !(member in (event?.detail ?? {})))).toEqual([]);
    expect(event?.detail).toMatchObject({ status: 'RUNNABLE', statusReason });
    expect(event?.detail.tags).toBeUndefined();
    expect(violations('JobDetail', event?.detail)).toEqual([]);
  });

  it('comes again when the cause changes', async () => {
    await capacity(false);
    const id = await batch.submit('exit 0', needing('VCPU', '8'));
    await eventually(() => batch.aws.blockedEventsOf(id).length === 1, 'the first event');
    await batch.client.send(
      new UpdateComputeEnvironmentCommand({ computeEnvironment: 'cpu', computeResources: { maxvCpus: 4 } }),
    );
    await eventually(() => batch.aws.blockedEventsOf(id).length === 2, 'the second event');
    const causes = batch.aws.blockedEventsOf(id).map(({ detail }) => String(detail.statusReason).split(' - ')[0]);
    expect(causes).toEqual([CAUSES.capacity, CAUSES.vcpus]);
  });
});

interface Snapshot {
  frontOfQueue: { jobs: { jobArn: string; earliestTimeAtPosition: number }[] };
  queueUtilization: { totalCapacityUsage: object[]; fairshareUtilization?: object };
}
const snapshotOf = async (jobQueue: string): Promise<Snapshot> =>
  (await callRaw(batch.endpoint, 'GetJobQueueSnapshot', { jobQueue })).body as Snapshot;
const frontOf = async (jobQueue: string): Promise<(string | undefined)[]> =>
  (await snapshotOf(jobQueue)).frontOfQueue.jobs.map(({ jobArn }) => jobArn.split('/').at(-1));

describe('why a job waits', () => {
  it('is told by its place in the queue, since when it has it, and the vCPUs in use there', async () => {
    const running = await batch.submit('sleep 60', needing('VCPU', '3'));
    await batch.until(running, 'RUNNING');
    await capacity(false);
    const ids = [await batch.submit('exit 0'), await batch.submit('exit 0'), await batch.submit('exit 0')];
    await eventually(async () => (await frontOf('cpu')).length === 3, 'three waiting jobs');
    expect(await frontOf(QUEUE)).toEqual(ids);
    const before = await snapshotOf('cpu');
    expect(before.queueUtilization.totalCapacityUsage).toEqual([{ capacityUnit: 'VCPU', quantity: 3 }]);
    await callRaw(batch.endpoint, 'CancelJob', { jobId: ids[1] ?? '', reason: 'not wanted' });
    await eventually(async () => (await frontOf('cpu')).length === 2, 'the cancelled one to leave');
    const after = await snapshotOf('cpu');
    expect(after.frontOfQueue.jobs[0]).toEqual(before.frontOfQueue.jobs[0]);
    expect(after.frontOfQueue.jobs[1]?.earliestTimeAtPosition).toBeGreaterThan(
      before.frontOfQueue.jobs[1]?.earliestTimeAtPosition ?? 0,
    );
  });

  it('is told by the environment’s limit and what its hosts hold, and by each job’s vCPUs', async () => {
    const id = await batch.submit('sleep 60', needing('VCPU', '3'));
    await batch.until(id, 'RUNNING');
    const { body } = await callRaw(batch.endpoint, 'DescribeComputeEnvironments', { computeEnvironments: ['cpu'] });
    expect(body).toMatchObject({ computeEnvironments: [{ computeResources: { maxvCpus: 16, desiredvCpus: 3 } }] });
    const list = await callRaw(batch.endpoint, 'ListJobs', { jobQueue: 'cpu' });
    expect(list.body).toMatchObject({ jobSummaryList: [{ jobId: id, capacityUsage: [{ capacityUnit: 'VCPU', quantity: 3 }] }] });
  });
});
