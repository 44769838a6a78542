import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executionInput } from '../../functions/experiments/execution-input.ts';
import { STAGES } from '../../functions/shared/contracts/names.ts';
import type { ExperimentItem } from '../../functions/shared/table/experiment.ts';
import { anId, aSpec, byStage } from '../functions/an-experiment.ts';
import { emulatedPipeline, type Plan } from './emulated-pipeline.ts';

let pipeline: Awaited<ReturnType<typeof emulatedPipeline>>;
beforeAll(async () => {
  pipeline = await emulatedPipeline();
});
afterAll(() => pipeline?.stop());

const queue = (name: string) => `arn:aws:batch:us-east-1:000000000000:job-queue/${name}`;
const LADDERS = byStage((stage) => (stage === 'benchmark' ? [queue('only')] : ['spot', 'any', 'on-demand'].map(queue)));

const run = (plan: Plan, timeoutSeconds?: string, inputs: ExperimentItem['inputs'] = {}) => {
  const experimentId = anId();
  const spec = aSpec({ experimentId });
  const pinned = { ...spec, pins: { ...spec.pins, ladders: LADDERS } };
  return pipeline.run(executionInput({ spec: pinned, run: 1, inputs }), plan, timeoutSeconds);
};

/** As `functions/stages/stage-failure.ts` decides them. */
const interrupted = (rung: number) => ({ error: 'Stage.Interrupted', cause: { action: 'again', rung } }) as const;

describe('an execution', () => {
  it('runs the eight stages, each told of all that went before, and ends with the bundle', async () => {
    const { execution, jobs, calls } = await run({});
    expect(execution.status).toBe('SUCCEEDED');
    expect(jobs.map(({ stage }) => stage)).toEqual([...STAGES]);
    expect(JSON.parse(execution.output ?? '')).toEqual({ bundle: expect.stringMatching(/^s3:\/\/m\/exp_.+-r1-bundle-1$/) });
    expect(jobs.map(({ environment }) => Object.keys(JSON.parse(environment.INPUTS ?? '')))).toEqual(
      STAGES.map((_, index) => STAGES.slice(0, index)),
    );
    expect(jobs.map(({ environment }) => environment.MODEL_VERSION)).toEqual([...Array(7).fill(undefined), '7']);
    expect(calls).toEqual([
      { called: 'confirm-release', event: { experimentId: expect.any(String), run: 1, stage: 'train' } },
      { called: 'take-model-version', event: expect.objectContaining({ run: 1, tenant: 'acme', model: 'sentiment' }) },
    ]);
  });

  it.each([2, 3, 7])('goes on behind %i finished stages, and hands on what they stored', async (finished) => {
    const kept = Object.fromEntries(STAGES.slice(0, finished).map((stage) => [stage, `s3://m/${stage}`]));
    const { execution, jobs } = await run({}, undefined, kept);
    expect(execution.status).toBe('SUCCEEDED');
    expect(jobs.map(({ stage, attempt }) => [stage, attempt])).toEqual(STAGES.slice(finished).map((stage) => [stage, 1]));
    expect(JSON.parse(jobs[0]?.environment.INPUTS ?? '')).toEqual(kept);
  });

  it('runs no stage when all are finished', async () => {
    const kept = Object.fromEntries(STAGES.map((stage) => [stage, `s3://m/${stage}`]));
    const { execution, jobs } = await run({}, undefined, kept);
    expect([execution.status, JSON.parse(execution.output ?? ''), jobs]).toEqual(['SUCCEEDED', { bundle: 's3://m/bundle' }, []]);
  });

  it('climbs the ladder when hosts are reclaimed, with a fresh token each time', async () => {
    const { execution, jobs } = await run({ train: [interrupted(1), interrupted(2)], benchmark: [interrupted(1)] });
    expect(execution.status).toBe('SUCCEEDED');
    const of = (stage: string) => jobs.filter((job) => job.stage === stage);
    expect(of('train').map(({ attempt, queue }) => [attempt, queue])).toEqual([
      [1, queue('spot')],
      [2, queue('any')],
      [3, queue('on-demand')],
    ]);
    expect(of('benchmark').map(({ queue }) => queue)).toEqual([queue('only'), queue('only')]);
    // The next stage starts afresh.
    expect(of('export')).toMatchObject([{ attempt: 1, queue: queue('spot') }]);
    expect(new Set(jobs.map(({ environment }) => environment.TASK_TOKEN)).size).toBe(jobs.length);
  });

  it('looks again until nothing of the experiment holds a GPU, and only then works on CPUs', async () => {
    const { execution, jobs, calls } = await run({ gpuHeldFor: 1 });
    expect(execution.status).toBe('SUCCEEDED');
    expect(calls.map(({ called }) => called)).toEqual(['confirm-release', 'confirm-release', 'take-model-version']);
    expect(jobs.map(({ stage }) => stage)).toEqual([...STAGES]);
  });

  it('halves the micro-batch when memory ran out, and only there', async () => {
    const { jobs } = await run({ train: [{ error: 'Stage.OutOfMemory', cause: { action: 'again', microBatchDivisor: 2 } }] });
    expect(jobs.slice(2, 5).map(({ stage, attempt, environment }) => [stage, attempt, environment.MICRO_BATCH_DIVISOR])).toEqual([
      ['train', 1, '1'],
      ['train', 2, '2'],
      ['export', 1, '1'],
    ]);
  });

  it('waits as long as the decision says', async () => {
    const started = Date.now();
    const { execution } = await run({ ingest: [{ error: 'Stage.Infrastructure', cause: { action: 'again', delaySeconds: 2 } }] });
    expect(execution.status).toBe('SUCCEEDED');
    expect(Date.now() - started).toBeGreaterThan(2_000);
  });

  it.each([
    ['rejected', 'parity', 'Stage.GateRejected', 'reject'],
    ['failed', 'prepare', 'Stage.InvalidInput', 'fail'],
  ] as const)('records why it was %s, and ends', async (_what, stage, error, action) => {
    const { execution, jobs, calls } = await run({ [stage]: [{ error, cause: { action, message: 'because' } }] });
    expect(execution).toMatchObject({ status: 'FAILED', error });
    expect(jobs.at(-1)).toMatchObject({ stage });
    const recorded = calls.at(-1);
    expect(recorded).toEqual({ called: 'record-failure', event: expect.objectContaining({ run: 1, stage, attempt: 1, error }) });
    expect(JSON.parse(String(recorded?.event.cause))).toMatchObject({ action, message: 'because' });
  });

  it('records the attempt that failed, not the first one', async () => {
    const { calls } = await run({ train: [interrupted(1), { error: 'Stage.Diverged', cause: {} }] });
    expect(calls[0]?.event).toMatchObject({ stage: 'train', attempt: 2, error: 'Stage.Diverged' });
  });

  it('gives up a stage that does not end in time: a time-out has no cause', async () => {
    const { execution, calls } = await run({ ingest: ['never ends'] }, '1');
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(calls).toEqual([
      {
        called: 'record-failure',
        event: expect.objectContaining({ stage: 'ingest', attempt: 1, error: 'States.Timeout', cause: '' }),
      },
    ]);
  });

  it('records what Batch refused, without trying again', async () => {
    const { execution, jobs, calls } = await run({ train: ['refused'] });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Batch.ClientException' });
    expect(jobs.filter(({ stage }) => stage === 'train')).toHaveLength(1);
    expect(calls[0]?.event).toMatchObject({ stage: 'train', cause: expect.stringContaining('JobQueue not found') });
  });
});
