import { DescribeJobsCommand, type JobDetail, ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import {
  DescribeExecutionCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, it } from 'vitest';
import { superviseExperiments } from '../../../functions/stages/supervise-experiments.ts';
import { anId } from '../an-experiment.ts';
import { aResult, manifestOf, NOW } from './a-job.ts';
import { anObserver, detailOf } from './an-observer.ts';

let given: Awaited<ReturnType<typeof anObserver>>;
// A table of its own for each test: the supervisor looks at all that is active.
beforeEach(async () => {
  given = await anObserver();
});

/** Batch with these jobs: listed alive by status, all by name, described by id. */
const batchHas = (...jobs: JobDetail[]) => {
  given.batch.on(ListJobsCommand).callsFake(({ filters, jobStatus }) => {
    const prefix = filters?.[0]?.values[0].replace('*', '');
    return { jobSummaryList: jobs.filter((job) => (prefix ? job.jobName?.startsWith(prefix) : job.status === jobStatus)) };
  });
  given.batch.on(DescribeJobsCommand).callsFake(({ jobs: ids }) => ({ jobs: jobs.filter(({ jobId }) => ids.includes(jobId)) }));
};

const supervise = () => superviseExperiments({}, given.observer);
const current = { run: 1, stage: 'train', attempt: 1 } as const;
const running = () => given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });

describe('supervise-experiments', () => {
  it('completes a stage whose Batch event was dropped, and once only', async () => {
    const { id } = await given.store({ current });
    const at = { experimentId: id, ...current };
    await given.put(at, 'result', aResult(at).document);
    batchHas(detailOf(at, { status: 'SUCCEEDED', exitCode: 0, stoppedAt: NOW.getTime() }));
    running();
    await supervise();
    await supervise();
    expect(given.stepFunctions.commandCalls(SendTaskSuccessCommand).map(({ args }) => args[0].input)).toEqual([
      { taskToken: 'token-1-train-1', output: JSON.stringify({ manifest: manifestOf(at) }) },
    ]);
    expect(await given.stored(id)).toMatchObject({ inputs: { train: manifestOf(at) } });
  });

  it('starts a stored experiment that has no execution', async () => {
    const { id } = await given.store({ status: 'queued', updatedAt: new Date(Date.now() - 61_000).toISOString() });
    batchHas();
    given.stepFunctions.on(DescribeExecutionCommand).rejects(Object.assign(new Error('none'), { name: 'ExecutionDoesNotExist' }));
    await supervise();
    const [started] = given.stepFunctions.commandCalls(StartExecutionCommand);
    expect(started?.args[0].input).toMatchObject({ name: `${id}-r1` });
    expect(JSON.parse(started?.args[0].input.input ?? '')).toMatchObject({ experimentId: id, run: 1, maxAttempts: 3 });
  });

  it('looks at the experiments also when Batch refuses to list the jobs alive, and fails in the end', async () => {
    const { id } = await given.store({ current });
    const at = { experimentId: id, ...current };
    await given.put(at, 'result', aResult(at).document);
    batchHas(detailOf(at, { status: 'SUCCEEDED', exitCode: 0, stoppedAt: NOW.getTime() }));
    const listed = given.batch.on(ListJobsCommand, { jobStatus: 'RUNNING' });
    listed.rejects(Object.assign(new Error('slow down'), { name: 'TooManyRequestsException' }));
    running();
    await expect(supervise()).rejects.toThrow('1 of 2 looks failed');
    expect(await given.stored(id)).toMatchObject({ inputs: { train: manifestOf(at) } });
  });

  it('terminates a job whose execution is gone', async () => {
    const { id } = await given.store({ current, updatedAt: new Date(Date.now() - 61_000).toISOString() });
    batchHas(detailOf({ experimentId: id }));
    given.stepFunctions.on(DescribeExecutionCommand).rejects(Object.assign(new Error('none'), { name: 'ExecutionDoesNotExist' }));
    await supervise();
    expect(given.batch.commandCalls(TerminateJobCommand)[0]?.args[0].input.reason).toBe(
      'Stage.Superseded: its execution no longer exists',
    );
    expect(await given.stored(id)).toMatchObject({ status: 'failed', failure: { error: 'States.ExecutionDoesNotExist' } });
  });

  it('repeats a cancel until nothing is alive', async () => {
    const { id } = await given.store({ status: 'cancelling', current });
    const job = detailOf({ experimentId: id });
    batchHas(job);
    running();
    await supervise();
    expect(given.stepFunctions.commandCalls(StopExecutionCommand)).toHaveLength(1);
    expect(given.batch.commandCalls(TerminateJobCommand)).toHaveLength(1);
    batchHas({ ...job, status: 'FAILED' });
    given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'ABORTED' });
    await supervise();
    expect(await given.stored(id)).toMatchObject({ status: 'cancelled' });
  });

  it('calls nobody hung whose progress.json is torn', async () => {
    const { id } = await given.store({ current });
    const at = { experimentId: id, ...current };
    await given.put(at, 'progress', '{"step": 1');
    batchHas(detailOf(at, { startedAt: Date.now() - 3_600_000 }));
    running();
    await supervise();
    expect(given.batch.commandCalls(TerminateJobCommand)).toHaveLength(0);
  });

  it('ends what is alive of experiments that are over or never were', async () => {
    const { id } = await given.store({ status: 'succeeded' });
    batchHas(detailOf({ experimentId: id }), detailOf({ experimentId: anId() }, { jobId: 'orphan', createdAt: 1 }));
    await supervise();
    expect(
      given.batch
        .commandCalls(TerminateJobCommand)
        .map(({ args }) => args[0].input.jobId)
        .sort(),
    ).toEqual(['job-1-train-1', 'orphan']);
  });

  it('looks at all the others when one cannot be looked at, and fails in the end', async () => {
    const broken = await given.store();
    const { id } = await given.store({ status: 'queued' });
    batchHas();
    given.stepFunctions.on(DescribeExecutionCommand).callsFake(({ executionArn }) => {
      if (executionArn.includes(broken.id)) throw new Error('Step Functions is away');
      return { status: 'RUNNING' };
    });
    await expect(supervise()).rejects.toThrow('1 of 3 looks failed');
    expect(await given.stored(id)).toMatchObject({ status: 'running' });
  });

  it('reads lists of jobs to their last page', async () => {
    const { id } = await given.store({ status: 'cancelled' });
    given.batch.on(ListJobsCommand).callsFake(({ nextToken, jobStatus }) => {
      if (jobStatus !== 'RUNNING') return {};
      return nextToken ? { jobSummaryList: [detailOf({ experimentId: id })] } : { jobSummaryList: [], nextToken: 'more' };
    });
    await supervise();
    expect(given.batch.commandCalls(TerminateJobCommand)).toHaveLength(1);
  });
});
