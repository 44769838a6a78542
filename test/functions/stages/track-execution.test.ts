import { ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trackExecution } from '../../../functions/stages/track-execution.ts';
import { anId } from '../an-experiment.ts';
import { SUMMARIES } from './a-job.ts';
import { anEvent, anObserver, detailOf } from './an-observer.ts';

let given: Awaited<ReturnType<typeof anObserver>>;
beforeAll(async () => {
  given = await anObserver();
});
beforeEach(() => {
  given.stepFunctions.reset();
  given.batch.reset();
});

const track = (name: string, status: string, told: { error?: string; cause?: string } = {}) =>
  trackExecution(anEvent('Step Functions Execution Status Change', { name, status, ...told }), given.observer);

describe('track-execution', () => {
  it('begins a queued experiment', async () => {
    const { id } = await given.store({ status: 'queued' });
    await track(`${id}-r1`, 'RUNNING');
    expect(await given.stored(id)).toMatchObject({ status: 'running', startedAt: expect.any(String), revision: 2 });
    await track(`${id}-r1`, 'RUNNING');
    expect(await given.stored(id)).toMatchObject({ revision: 2 });
  });

  it('closes one that succeeded, with its bundle, without asking anybody', async () => {
    const { id } = await given.store({
      stages: { bundle: SUMMARIES.bundle },
      waiting: { reason: 'r', since: new Date().toISOString() },
    });
    await track(`${id}-r1`, 'SUCCEEDED');
    const stored = await given.stored(id);
    expect(stored).toMatchObject({
      status: 'succeeded',
      bundle: { version: 1, uri: SUMMARIES.bundle.bundleUri },
      endedAt: expect.any(String),
    });
    expect(stored).not.toHaveProperty('waiting');
    expect(await given.history(id)).toEqual(['experiment.succeeded']);
    expect(given.stepFunctions.calls()).toHaveLength(0);
    expect(given.batch.calls()).toHaveLength(0);
  });

  it('closes one whose every earlier event was lost, by way of running', async () => {
    const { id } = await given.store({ status: 'queued' });
    await track(`${id}-r1`, 'SUCCEEDED');
    expect(await given.stored(id)).toMatchObject({ status: 'succeeded' });
    expect(await given.history(id)).toEqual(['experiment.running', 'experiment.succeeded']);
  });

  it('rejects with what record-failure kept', async () => {
    const failure = {
      error: 'Stage.GateRejected',
      stage: 'parity',
      attempt: 1,
      message: 'm',
      where: null,
      remedy: null,
      diagnostics: [],
    } as const;
    const { id } = await given.store({ failure: { ...failure, diagnostics: [] } });
    given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'FAILED' });
    given.batch.on(ListJobsCommand).resolves({});
    await track(`${id}-r1`, 'FAILED');
    expect(await given.stored(id)).toMatchObject({ status: 'rejected', failure });
  });

  it('takes the cause from Step Functions where the event has none', async () => {
    const { id } = await given.store();
    given.stepFunctions
      .on(DescribeExecutionCommand)
      .resolves({ status: 'FAILED', error: 'States.Runtime', cause: 'no such variable' });
    given.batch.on(ListJobsCommand).resolves({});
    await track(`${id}-r1`, 'FAILED');
    expect(await given.stored(id)).toMatchObject({
      status: 'failed',
      failure: { error: 'States.Runtime', message: 'no such variable' },
    });
  });

  it('believes the event where Step Functions lags behind it, and ends what is alive', async () => {
    const { id } = await given.store();
    given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
    given.batch.on(ListJobsCommand).resolves({ jobSummaryList: [detailOf({ experimentId: id })] });
    await track(`${id}-r1`, 'ABORTED');
    expect(given.batch.commandCalls(TerminateJobCommand)).toHaveLength(1);
    expect(await given.stored(id)).toMatchObject({ status: 'cancelling' });
    expect(given.batch.commandCalls(ListJobsCommand)[0]?.args[0].input.filters).toEqual([
      { name: 'JOB_NAME', values: [`${id}-*`] },
    ]);
  });

  it('ignores older runs, unknown experiments and executions of others', async () => {
    const { id } = await given.store({ run: 2 });
    const status = (name: string) => (name === `${id}-r2` ? 'RUNNING' : 'FAILED');
    given.stepFunctions
      .on(DescribeExecutionCommand)
      .callsFake(({ executionArn }) => ({ status: status(executionArn.split(':').at(-1)) }));
    given.batch.on(ListJobsCommand).resolves({});
    await track(`${id}-r1`, 'SUCCEEDED');
    await track(`${id}-r1`, 'FAILED');
    await track(`${anId()}-r1`, 'FAILED');
    await track('nightly-report', 'FAILED');
    expect(await given.stored(id)).toMatchObject({ status: 'running', revision: 1 });
  });
});
