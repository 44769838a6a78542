import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SpotCheckReport } from '../../functions/shared/contracts/spot-check.ts';
import { definitionFile } from './definition-file.ts';
import { type BatchAnswer, type Body, emulatedStates } from './emulated-states.ts';

/** How the first and the second job end, or that Batch does not take it. */
type End = 'SUCCEEDED' | 'FAILED' | 'refused';
type Plan = { jobs?: End[]; outcome?: SpotCheckReport['outcome']; nothing?: true };

const ENVIRONMENT = [
  { Name: 'SPOT_CHECK_ID', Value: 'night' },
  { Name: 'BUNDLES', Value: '["s3://releases-bucket/bundles/acme/sentiment/2/"]' },
];

let states: Awaited<ReturnType<typeof emulatedStates>>;
let stateMachineArn: string;
const plans = new Map<string, Plan>();
const submitted = new Map<string, Body[]>();
const calls: { name: string; event: Body }[] = [];

const JOB = /^spot-check-([12])-(.+)$/;

const batch = (path: string, body: Body): BatchAnswer => {
  const submits = path.endsWith('submitjob');
  const name = String(submits ? body.jobName : (body.jobs as string[])[0]);
  const [, time = '', id = ''] = JOB.exec(name) ?? [];
  const end = plans.get(id)?.jobs?.[Number(time) - 1] ?? 'SUCCEEDED';
  if (submits) {
    submitted.set(id, [...(submitted.get(id) ?? []), body]);
    if (end === 'refused') return { status: 400, body: { message: 'JobQueue not found' } };
    return { status: 200, body: { jobName: name, jobId: name, jobArn: 'arn:job' } };
  }
  const statusReason = 'Host EC2 (instance i-1) terminated.';
  return { status: 200, body: { jobs: [{ jobId: name, status: end, ...(end === 'FAILED' && { statusReason }) }] } };
};

const called = (name: string, event: Body): object => {
  calls.push({ name, event });
  const plan = plans.get(String(event.spotCheckId));
  if (name === 'find-releases') return { environment: ENVIRONMENT, found: { bundles: plan?.nothing ? 0 : 1, notes: [] } };
  return { outcome: plan?.outcome ?? 'held', because: 'One sentence.', report: 's3://e/report.json' };
};

beforeAll(async () => {
  states = await emulatedStates({ batch, called });
  const queue = (name: string): string => `arn:aws:batch:us-east-1:000000000000:job-queue/${name}`;
  const definition = definitionFile('spot-check').substituted({
    FindReleasesArn: await states.createFunction('find-releases'),
    PublishSpotCheckArn: await states.createFunction('publish-spot-check'),
    SpotQueueArn: queue('cpu-spot'),
    OnDemandQueueArn: queue('cpu-on-demand'),
    JobDefinitionArn: 'arn:definition/spot-check:1',
  });
  stateMachineArn = await states.createMachine('spot-check', definition);
});
afterAll(() => states?.stop());

const run = async (plan: Plan) => {
  const id = randomUUID();
  plans.set(id, plan);
  const execution = await states.execute(stateMachineArn, id, {});
  const published = calls.find(({ name, event }) => name === 'publish-spot-check' && event.spotCheckId === id)?.event;
  return { id, execution, published, jobs: submitted.get(id) ?? [] };
};
const queuesOf = (jobs: Body[]): unknown[] => jobs.map(({ jobQueue }) => String(jobQueue).split('/').at(-1));

describe.concurrent('a spot check', () => {
  it('submits one job on a spot host, told what to look at, and publishes how it ended', async () => {
    const { id, execution, published, jobs } = await run({});
    expect(execution.status).toBe('SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toEqual({
      outcome: 'held',
      because: 'One sentence.',
      report: 's3://e/report.json',
    });
    expect(jobs).toMatchObject([
      {
        jobName: `spot-check-1-${id}`,
        jobDefinition: 'arn:definition/spot-check:1',
        shareIdentifier: 'spotcheck',
        containerOverrides: { environment: ENVIRONMENT.map(({ Name, Value }) => ({ name: Name, value: Value })) },
      },
    ]);
    expect(queuesOf(jobs)).toEqual(['cpu-spot']);
    expect(published).toEqual({
      spotCheckId: id,
      startedAt: expect.any(String),
      found: { bundles: 1, notes: [] },
      job: { jobId: `spot-check-1-${id}`, status: 'SUCCEEDED', reason: null },
    });
  });

  it('takes a host on demand when the spot host is taken away, and tells of that job', async () => {
    const { id, execution, published, jobs } = await run({ jobs: ['FAILED'] });
    expect(queuesOf(jobs)).toEqual(['cpu-spot', 'cpu-on-demand']);
    expect(published?.job).toEqual({ jobId: `spot-check-2-${id}`, status: 'SUCCEEDED', reason: null });
    expect(execution.status).toBe('SUCCEEDED');
  });

  it('tries no third time, and publishes that Batch took no job', async () => {
    const { execution, published, jobs } = await run({ jobs: ['refused', 'refused'], outcome: 'failed' });
    expect(jobs).toHaveLength(2);
    expect(published?.job).toEqual({
      jobId: null,
      status: 'REFUSED',
      reason: expect.stringContaining('JobQueue not found'),
    });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'SpotCheck.Failed' });
  });

  it('fails under a name of its own when a model drifted, with what and where', async () => {
    const { execution } = await run({ outcome: 'drifted' });
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: 'SpotCheck.Drifted',
      cause: 'One sentence. See s3://e/report.json',
    });
  });

  it('starts no job when nothing was released', async () => {
    const { execution, published, jobs } = await run({ nothing: true, outcome: 'nothing-to-check' });
    expect(jobs).toEqual([]);
    expect(published).toMatchObject({ found: { bundles: 0 }, job: null });
    expect(execution.status).toBe('SUCCEEDED');
  });
});
