import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planRehearsal } from '../../functions/rehearsals/rehearsal-plan.ts';
import { REHEARSALS, type Rehearsal } from '../../functions/shared/contracts/names.ts';
import type { RehearsalReport } from '../../functions/shared/contracts/rehearsal.ts';
import { jobDefinitionSubstitution } from '../../lib/constructs/rehearsal-state-machine.ts';
import { definitionFile } from './definition-file.ts';
import { type BatchAnswer, type Body, emulatedStates } from './emulated-states.ts';

/** How a job is at each look, the last for ever; or that Batch does not take it. */
type Life = string[] | 'refused';
type Plan = { jobs?: Partial<Record<Rehearsal, Life>>; outcome?: RehearsalReport['outcome']; nothing?: true };

const BUNDLE = 's3://releases-bucket/bundles/acme/sentiment/';
const SUBJECTS = {
  checkpoint: { experimentId: 'exp_01arz3ndektsv4rrffq69g5fav', directory: '27-r1-1' },
  newestBundle: `${BUNDLE}2/`,
  previousBundle: `${BUNDLE}1/`,
  notes: [],
};
const NOTHING = { checkpoint: null, newestBundle: null, previousBundle: null, notes: [] };

let states: Awaited<ReturnType<typeof emulatedStates>>;
let stateMachineArn: string;
const plans = new Map<string, Plan>();
const submitted = new Map<string, Body[]>();
const looks = new Map<string, number>();
const calls: { name: string; event: Body }[] = [];

const JOB = /^rehearsal-(restore|rollback|upgrade)-(.+)$/;

const batch = (path: string, body: Body): BatchAnswer => {
  if (path.endsWith('submitjob')) {
    const [, rehearsal = '', id = ''] = JOB.exec(String(body.jobName)) ?? [];
    submitted.set(id, [...(submitted.get(id) ?? []), body]);
    if (plans.get(id)?.jobs?.[rehearsal as Rehearsal] === 'refused')
      return { status: 400, body: { message: 'JobQueue not found' } };
    return { status: 200, body: { jobName: body.jobName, jobId: String(body.jobName), jobArn: 'arn:job' } };
  }
  const jobId = (body.jobs as string[])[0] ?? '';
  const [, rehearsal = '', id = ''] = JOB.exec(jobId) ?? [];
  const life = plans.get(id)?.jobs?.[rehearsal as Rehearsal] ?? ['SUCCEEDED'];
  const look = looks.get(jobId) ?? 0;
  looks.set(jobId, look + 1);
  const status = life[Math.min(look, life.length - 1)] ?? '';
  if (status === 'unknown') return { status: 200, body: { jobs: [] } };
  if (status === 'no answer') return { status: 400, body: { message: 'not now' } };
  return {
    status: 200,
    body: { jobs: [{ jobId, status, ...(status === 'FAILED' && { statusReason: 'Essential container exited' }) }] },
  };
};

const called = (name: string, event: Body): object => {
  calls.push({ name, event });
  const plan = plans.get(String(event.rehearsalId));
  const subjects = plan?.nothing ? NOTHING : SUBJECTS;
  return name === 'find-subjects'
    ? { subjects, ...planRehearsal(subjects, { package: 'onnxruntime' }) }
    : { outcome: plan?.outcome ?? 'passed', report: 's3://e/report.json' };
};

beforeAll(async () => {
  states = await emulatedStates({ batch, called });
  const definition = definitionFile('rehearsal').substituted({
    FindSubjectsArn: await states.createFunction('find-subjects'),
    PublishReportArn: await states.createFunction('publish-report'),
    JobQueueArn: 'arn:aws:batch:us-east-1:000000000000:job-queue/cpu',
    InterruptionTemplateId: 'none',
    ...Object.fromEntries(REHEARSALS.map((name) => [jobDefinitionSubstitution(name), `arn:definition/${name}:1`])),
  });
  stateMachineArn = await states.createMachine('rehearsal', definition);
});
afterAll(() => states?.stop());

const run = async (plan: Plan, input: object = {}) => {
  const id = randomUUID();
  plans.set(id, plan);
  const execution = await states.execute(stateMachineArn, id, input);
  const own = calls.filter(({ event }) => event.rehearsalId === id);
  const published = own.find(({ name }) => name === 'publish-report')?.event;
  return { id, execution, own, published, jobs: submitted.get(id) ?? [] };
};

describe.concurrent('a rehearsal', () => {
  it('submits its three jobs with what each needs, and publishes how they ended', async () => {
    const { id, execution, published, jobs, own } = await run({ jobs: { restore: ['RUNNABLE', 'SUCCEEDED'] } });
    expect(execution.status).toBe('SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toEqual({ outcome: 'passed', report: 's3://e/report.json' });
    expect(own[0]).toEqual({ name: 'find-subjects', event: { rehearsalId: id, upgrade: null } });
    expect(jobs.map(({ jobName }) => jobName).sort()).toEqual(REHEARSALS.map((name) => `rehearsal-${name}-${id}`));
    expect(jobs.find(({ jobDefinition }) => jobDefinition === 'arn:definition/rollback:1')).toMatchObject({
      jobQueue: 'arn:aws:batch:us-east-1:000000000000:job-queue/cpu',
      shareIdentifier: 'rehearsal',
      containerOverrides: {
        environment: [
          { name: 'REHEARSAL_ID', value: id },
          { name: 'NEWEST_BUNDLE', value: `${BUNDLE}2/` },
          { name: 'PREVIOUS_BUNDLE', value: `${BUNDLE}1/` },
        ],
      },
    });
    expect(published).toEqual({
      rehearsalId: id,
      startedAt: expect.any(String),
      interruption: 'No spot host was reclaimed for this rehearsal.',
      subjects: SUBJECTS,
      skipped: [],
      jobs: REHEARSALS.map((rehearsal) => ({
        rehearsal,
        jobId: `rehearsal-${rehearsal}-${id}`,
        status: 'SUCCEEDED',
        reason: null,
      })),
    });
    expect(Date.parse(String(published?.startedAt))).toBeGreaterThan(Date.now() - 3_600_000);
  });

  it('hides no rehearsal behind another: one that Batch refuses, one that fails, one that passes', async () => {
    const { execution, published } = await run({ jobs: { restore: 'refused', rollback: ['FAILED'] }, outcome: 'failed' });
    expect(published?.jobs).toEqual([
      { rehearsal: 'restore', jobId: null, status: 'REFUSED', reason: expect.stringContaining('JobQueue not found') },
      expect.objectContaining({ rehearsal: 'rollback', status: 'FAILED', reason: 'Essential container exited' }),
      expect.objectContaining({ rehearsal: 'upgrade', status: 'SUCCEEDED' }),
    ]);
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: 'Rehearsal.Failed',
      cause: 'A rehearsal failed; see s3://e/report.json',
    });
  });

  it('goes on looking when Batch does not know the job yet, or does not answer', async () => {
    const { published } = await run({ jobs: { upgrade: ['unknown', 'no answer', 'SUCCEEDED'] } });
    expect(published?.jobs).toContainEqual(expect.objectContaining({ rehearsal: 'upgrade', status: 'SUCCEEDED' }));
  });

  it('succeeds with nothing to rehearse', async () => {
    const { execution, published, jobs } = await run({ nothing: true, outcome: 'nothing-to-rehearse' });
    expect(execution.status).toBe('SUCCEEDED');
    expect(jobs).toEqual([]);
    expect(published).toMatchObject({ jobs: [], subjects: NOTHING });
    expect(published?.skipped).toHaveLength(3);
  });

  it('passes on what somebody who starts it by hand wants to see upgraded', async () => {
    const upgrade = { package: 'numpy', version: '2.5.0' };
    expect((await run({}, { upgrade })).own[0]?.event).toMatchObject({ upgrade });
  });
});
