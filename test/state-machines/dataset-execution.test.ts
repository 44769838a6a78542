import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionFile } from './definition-file.ts';
import { type BatchAnswer, type Body, emulatedStates } from './emulated-states.ts';

/** How a try ends: with an exit code, without one because its host was lost, or that Batch does not take it. */
type End = number | 'host lost' | 'refused';
type Plan = { ends: End[]; status?: 'ready' | 'refused' | 'failed' };

let states: Awaited<ReturnType<typeof emulatedStates>>;
let stateMachineArn: string;
const plans = new Map<string, Plan>();
const submitted = new Map<string, Body[]>();
const recorded = new Map<string, Body>();

const JOB = /^(.+)-([123])$/;

const batch = (path: string, body: Body): BatchAnswer => {
  const submits = path.endsWith('submitjob');
  const name = String(submits ? body.jobName : (body.jobs as string[])[0]);
  const [, id = '', time = ''] = JOB.exec(name) ?? [];
  const end = plans.get(id)?.ends[Number(time) - 1] ?? 0;
  if (submits) {
    submitted.set(id, [...(submitted.get(id) ?? []), body]);
    if (end === 'refused') return { status: 400, body: { message: 'JobQueue not found' } };
    return { status: 200, body: { jobName: name, jobId: name, jobArn: 'arn:job' } };
  }
  const lost = { status: 'FAILED', statusReason: 'Host EC2 (instance i-1) terminated.' };
  const exited = {
    status: end === 0 ? 'SUCCEEDED' : 'FAILED',
    statusReason: 'Essential container in task exited',
    container: { exitCode: end },
  };
  return { status: 200, body: { jobs: [{ jobId: name, ...(end === 'host lost' ? lost : exited) }] } };
};

const called = (_name: string, event: Body): object => {
  const id = String(event.preparationId);
  recorded.set(id, event);
  return { status: plans.get(id)?.status ?? 'ready', version: 'a'.repeat(16), because: 'One sentence.' };
};

beforeAll(async () => {
  states = await emulatedStates({ batch, called });
  const queue = (name: string): string => `arn:aws:batch:us-east-1:000000000000:job-queue/${name}`;
  const definition = definitionFile('dataset').substituted({
    RecordPreparationArn: await states.createFunction('record-preparation'),
    SpotQueueArn: queue('cpu-spot'),
    OnDemandQueueArn: queue('cpu-on-demand'),
    JobDefinitionArn: 'arn:definition/dataset:1',
  });
  stateMachineArn = await states.createMachine('dataset', definition);
});
afterAll(() => states?.stop());

const run = async (plan: Plan) => {
  const id = randomUUID();
  plans.set(id, plan);
  const input = {
    tenant: 'acme',
    dataset: 'ratings',
    preparationId: id,
    shareIdentifier: 'share',
    request: 's3://d/request.json',
  };
  const execution = await states.execute(stateMachineArn, id, input);
  return { id, execution, job: recorded.get(id)?.job, event: recorded.get(id), jobs: submitted.get(id) ?? [] };
};
const queuesOf = (jobs: Body[]): unknown[] => jobs.map(({ jobQueue }) => String(jobQueue).split('/').at(-1));

describe.concurrent('a preparation', () => {
  it('submits one job on a spot host, told where its request lies, and records how it ended', async () => {
    const { id, execution, event, jobs } = await run({ ends: [0] });
    expect(jobs).toMatchObject([
      {
        jobName: `${id}-1`,
        jobDefinition: 'arn:definition/dataset:1',
        shareIdentifier: 'share',
        containerOverrides: { environment: [{ name: 'DATASET_REQUEST', value: 's3://d/request.json' }] },
      },
    ]);
    expect(queuesOf(jobs)).toEqual(['cpu-spot']);
    const job = { jobId: `${id}-1`, status: 'SUCCEEDED', reason: 'Essential container in task exited', exitCode: 0 };
    expect(event).toEqual({ tenant: 'acme', dataset: 'ratings', preparationId: id, job });
    expect(execution.status).toBe('SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toMatchObject({ status: 'ready', version: 'a'.repeat(16) });
  });

  it('climbs the ladder when a host is lost or the job is interrupted, and ends on demand', async () => {
    const { execution, job, jobs } = await run({ ends: ['host lost', 75, 0] });
    expect(queuesOf(jobs)).toEqual(['cpu-spot', 'cpu-spot', 'cpu-on-demand']);
    expect(job).toMatchObject({ status: 'SUCCEEDED', exitCode: 0 });
    expect(execution.status).toBe('SUCCEEDED');
  });

  it('tries no fourth time, and records the last', async () => {
    const { execution, job, jobs } = await run({ ends: [74, 74, 74], status: 'failed' });
    expect(jobs).toHaveLength(3);
    expect(job).toMatchObject({ status: 'FAILED', exitCode: 74 });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Dataset.PreparationFailed', cause: 'One sentence.' });
  });

  it('tries data that are refused once only, and that is no failed execution', async () => {
    const { execution, job, jobs } = await run({ ends: [64], status: 'refused' });
    expect(jobs).toHaveLength(1);
    expect(job).toMatchObject({ status: 'FAILED', exitCode: 64 });
    expect(execution.status).toBe('SUCCEEDED');
  });

  it('records that Batch took no job', async () => {
    const { job, jobs } = await run({ ends: ['refused'], status: 'failed' });
    expect(jobs).toHaveLength(1);
    expect(job).toEqual({
      jobId: null,
      status: 'REFUSED',
      reason: expect.stringContaining('JobQueue not found'),
      exitCode: null,
    });
  });
});
