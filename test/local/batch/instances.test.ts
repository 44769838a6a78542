import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callRaw } from './botocore-model.ts';
import { eventually, Harness } from './harness.ts';

interface Instance {
  instanceId: string;
  containerInstanceArn: string;
  computeEnvironment: string;
  launchedAt: number;
  leftAt?: number;
  jobs: { jobId: string; jobName: string; attempt: number; from: number; until?: number }[];
}

let batch: Harness;
let environment: string;
let count = 0;

beforeAll(async () => {
  batch = await Harness.start();
  await batch.definition('shell');
});
beforeEach(async () => {
  await batch.control('faults', undefined, 'DELETE');
  count += 1;
  environment = `cpu-${count}`;
  await batch.queue(environment, { maxvCpus: 4 });
});
afterAll(() => batch.stop());

const instances = async (): Promise<Instance[]> =>
  ((await batch.control('instances')).body.instances as Instance[]).filter((each) => each.computeEnvironment === environment);
const only = async (): Promise<Instance | undefined> => {
  const [first, ...more] = await instances();
  expect(more).toEqual([]);
  return first;
};
const submit = (script: string, vcpus = '1', memory = '512') =>
  batch.submit(script, {
    jobQueue: environment,
    containerOverrides: {
      resourceRequirements: [
        { type: 'VCPU', value: vcpus },
        { type: 'MEMORY', value: memory },
      ],
    },
  });
const gone = () =>
  eventually(
    async () => ((await instances()).every(({ leftAt }) => leftAt !== undefined) ? true : undefined),
    'the hosts to leave',
  );

describe('a host', () => {
  it('comes for a job, stays warm for a while after it on the executor’s clock, and leaves', async () => {
    const id = await submit('exit 0');
    const job = await batch.ended(id);
    const host = await only();
    expect(host).toMatchObject({
      instanceId: expect.stringMatching(/^i-0[0-9a-f]{16}$/),
      containerInstanceArn: job.container?.containerInstanceArn,
      jobs: [{ jobId: id, jobName: 'a-job', attempt: 1, from: expect.any(Number), until: expect.any(Number) }],
    });
    expect(host?.leftAt).toBeUndefined();
    await batch.control('clock', { timeScale: 600 });
    await gone();
    expect((await only())?.leftAt).toBeGreaterThanOrEqual(host?.jobs[0]?.until ?? Number.POSITIVE_INFINITY);
  });

  it('takes the next job of its environment that fits, and DescribeJobs shows that it is the same', async () => {
    const first = await batch.ended(await submit('exit 0', '2'));
    const second = await batch.ended(await submit('exit 0', '1'));
    expect(second.container?.containerInstanceArn).toBe(first.container?.containerInstanceArn);
    expect(second.attempts?.[0]?.container?.containerInstanceArn).toBe(first.container?.containerInstanceArn);
    expect((await only())?.jobs.map(({ jobId }) => jobId)).toEqual([first.jobId, second.jobId]);
  });

  it('is not shared by jobs that run at the same time', async () => {
    const ids = [await submit('sleep 60'), await submit('sleep 60')];
    for (const id of ids) await batch.until(id, 'RUNNING');
    expect((await instances()).map(({ jobs }) => jobs.map(({ jobId }) => jobId))).toEqual(ids.map((id) => [id]));
    for (const id of ids) await batch.control('jobs/kill', { jobId: id, process: 'container' });
    for (const id of ids) await batch.ended(id);
  });

  it('makes room when a job needs a larger one than the environment could hold beside it', async () => {
    await batch.ended(await submit('exit 0', '2', '256'));
    await batch.ended(await submit('exit 0', '4', '1024'));
    const [small, large] = await instances();
    expect(small?.leftAt).toBeDefined();
    expect(large?.leftAt).toBeUndefined();
    const { body } = await callRaw(batch.endpoint, 'DescribeComputeEnvironments', { computeEnvironments: [environment] });
    expect(body).toMatchObject({ computeEnvironments: [{ computeResources: { desiredvCpus: 4 } }] });
  });

  it('leaves with the job that it is taken from', async () => {
    const id = await submit('sleep 60');
    await batch.until(id, 'RUNNING');
    const { body } = await batch.control('hosts/reclaim', { jobId: id, noticeSeconds: 0 });
    await batch.ended(id);
    expect(await only()).toMatchObject({ instanceId: body.instanceId, leftAt: expect.any(Number) });
  });

  it('leaves at once when it is idle and its queue has no capacity, so that nobody can use it', async () => {
    await batch.ended(await submit('exit 0'));
    await batch.control('queues/capacity', { queue: environment, available: false });
    await gone();
  });
});
