import { DescribeJobsCommand, ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { DescribeExecutionCommand, SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { logger } from '../../../functions/shared/handlers.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import { trackJob } from '../../../functions/stages/track-job.ts';
import { anId } from '../an-experiment.ts';
import { aResult, manifestOf, NOW, SUMMARIES } from './a-job.ts';
import { anEvent, anObserver, detailOf } from './an-observer.ts';

let given: Awaited<ReturnType<typeof anObserver>>;
beforeAll(async () => {
  given = await anObserver();
});
beforeEach(() => {
  given.stepFunctions.reset();
  given.batch.reset();
});

const track = (...detail: Parameters<typeof detailOf>) =>
  trackJob(anEvent('Batch Job State Change', detailOf(...detail)), given.observer);
const over = {
  status: 'SUCCEEDED',
  exitCode: 0,
  stoppedAt: NOW.getTime(),
  statusReason: 'Essential container in task exited',
} as const;
const place = (experimentId: string) => ({ experimentId, run: 1, stage: 'train', attempt: 1 }) as const;

describe('track-job', () => {
  it('takes a stage from the first event to the completed task', async () => {
    const { id } = await given.store({ status: 'queued' });
    const at = place(id);
    await track(at, { status: 'RUNNABLE', startedAt: null });
    await track(at, { status: 'RUNNING' });
    await given.put(at, 'result', aResult(at).document);
    await track(at, over);

    const stored = await given.stored(id);
    expect(stored).toMatchObject({ status: 'running', stage: 'train', current: { run: 1, stage: 'train', attempt: 1 } });
    expect(stored.inputs).toEqual({ train: manifestOf(at) });
    expect(stored.stages).toEqual({ train: SUMMARIES.train });
    expect(await given.history(id)).toEqual(['experiment.running', 'stage.queued', 'stage.running', 'stage.succeeded']);
    const [attempt] = await given.observer.store.attemptsOf(id, 1);
    expect(attempt).toMatchObject({
      status: 'SUCCEEDED',
      exitCode: 0,
      queue: 'spotforge-cpu-spot',
      startedAt: '2026-11-22T06:59:40.000Z',
      stoppedAt: '2026-11-22T07:00:00.000Z',
      rung: 0,
      microBatchDivisor: 1,
      reportedAt: expect.any(String),
    });
    expect(attempt).not.toHaveProperty('error');
    const [sent] = given.stepFunctions.commandCalls(SendTaskSuccessCommand);
    expect(sent?.args[0].input).toEqual({ taskToken: 'token-1-train-1', output: JSON.stringify({ manifest: manifestOf(at) }) });
  });

  it('reports a failure with the decision as its cause, and keeps what the user needs to know', async () => {
    const { id } = await given.store();
    const at = place(id);
    const error = { name: 'Stage.InvalidInput', message: 'Row 7 has no label.', where: 'row 7', remedy: 'Label it.' };
    await given.put(at, 'result', { schemaVersion: 1, ...at, outcome: 'failed', exitCode: 64, error, diagnostics: [] });
    await track(at, { ...over, status: 'FAILED', exitCode: 64 });
    const [sent] = given.stepFunctions.commandCalls(SendTaskFailureCommand);
    expect(sent?.args[0].input).toMatchObject({ error: 'Stage.InvalidInput' });
    expect(JSON.parse(sent?.args[0].input.cause ?? '')).toEqual({
      action: 'fail',
      rung: 0,
      microBatchDivisor: 1,
      delaySeconds: 0,
      message: 'Row 7 has no label.',
    });
    expect(await given.stored(id)).toMatchObject({
      status: 'running',
      failure: { error: 'Stage.InvalidInput', where: 'row 7', remedy: 'Label it.', stage: 'train', attempt: 1 },
    });
  });

  it('sends both, and stores one, when two handle the same end at the same time', async () => {
    const { id } = await given.store();
    const at = place(id);
    await given.put(at, 'result', aResult(at).document);
    given.stepFunctions
      .on(SendTaskSuccessCommand)
      .resolvesOnce({})
      .rejects(Object.assign(new Error('over'), { name: 'TaskTimedOut' }));
    await Promise.all([track(at, over), track(at, over)]);
    expect((await given.history(id)).filter((type) => type === 'stage.succeeded')).toHaveLength(1);
    expect((await given.observer.store.attemptsOf(id, 1))[0]).toMatchObject({ reportedAt: expect.any(String) });
  });

  it.each(['TaskDoesNotExist', 'TaskTimedOut'])('takes %s for "already over"', async (name) => {
    const { id } = await given.store();
    given.stepFunctions.on(SendTaskFailureCommand).rejects(Object.assign(new Error('over'), { name }));
    await track(place(id), { ...over, status: 'FAILED', exitCode: 1 });
    expect((await given.observer.store.attemptsOf(id, 1))[0]).toMatchObject({
      error: 'Stage.Failed',
      reportedAt: expect.any(String),
    });
  });

  it('is asked again when Step Functions is away, and tells it then', async () => {
    const { id } = await given.store();
    const at = place(id);
    await given.put(at, 'result', aResult(at).document);
    given.stepFunctions
      .on(SendTaskSuccessCommand)
      .rejectsOnce(Object.assign(new Error('later'), { name: 'InternalServerError' }))
      .resolves({});
    await expect(track(at, over)).rejects.toThrow('later');
    expect((await given.observer.store.attemptsOf(id, 1))[0]).not.toHaveProperty('reportedAt');
    await track(at, over);
    expect(given.stepFunctions.commandCalls(SendTaskSuccessCommand)).toHaveLength(2);
    expect((await given.history(id)).filter((type) => type === 'stage.succeeded')).toHaveLength(1);
  });

  it('does not lose an end whose experiment cannot be found yet', async () => {
    const id = anId();
    const late = track(place(id), { ...over, status: 'FAILED', exitCode: 1 });
    await given.store({ id });
    await late;
    expect(given.stepFunctions.commandCalls(SendTaskFailureCommand)).toHaveLength(1);
    await expect(track(place(anId()), { ...over, status: 'FAILED', exitCode: 1 })).rejects.toThrow(
      'There is no such experiment.',
    );
  });

  it('does not take a store that is away for a missing result', async () => {
    const { id } = await given.store();
    const broken = { ...given.observer, bucket: 'no-such-bucket-at-all' };
    await expect(trackJob(anEvent('Batch Job State Change', detailOf(place(id), over)), broken)).rejects.toThrow();
    expect(given.stepFunctions.commandCalls(SendTaskFailureCommand)).toHaveLength(0);
  });

  it('ends a job that another attempt has replaced, and reports nothing of it', async () => {
    const { id } = await given.store({ current: { run: 1, stage: 'train', attempt: 2 } });
    await track(place(id), { status: 'RUNNING' });
    await track(place(id), { ...over, status: 'FAILED', exitCode: 75 });
    expect(given.batch.commandCalls(TerminateJobCommand)[0]?.args[0].input).toMatchObject({ jobId: 'job-1-train-1' });
    expect(given.stepFunctions.calls()).toHaveLength(0);
  });

  it('leaves what is newer as it is when an older event comes late', async () => {
    const { id } = await given.store();
    await track(place(id), { status: 'RUNNING' });
    await track(place(id), { status: 'RUNNABLE', startedAt: null });
    expect((await given.observer.store.attemptsOf(id, 1))[0]).toMatchObject({ status: 'RUNNING' });
    expect(given.batch.calls()).toHaveLength(0);
  });

  it('closes a cancelled experiment with the end of its last job', async () => {
    const { id } = await given.store({ status: 'cancelling', current: { run: 1, stage: 'train', attempt: 1 } });
    const detail = detailOf(place(id), {
      ...over,
      status: 'FAILED',
      exitCode: 143,
      statusReason: 'Stage.Cancelled: the experiment was cancelled',
    });
    given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'ABORTED' });
    given.batch.on(ListJobsCommand).resolves({ jobSummaryList: [detail] });
    given.batch.on(DescribeJobsCommand).resolves({ jobs: [detail] });
    await trackJob(anEvent('Batch Job State Change', detail), given.observer);
    expect(await given.stored(id)).toMatchObject({ status: 'cancelled', endedAt: expect.any(String) });
    expect(await given.history(id)).toEqual(['stage.cancelled', 'experiment.cancelled']);
  });

  it('shows why a job waits, for as long as it waits', async () => {
    const { id } = await given.store();
    const statusReason = 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested';
    const waiting = { status: 'RUNNABLE', startedAt: null, statusReason } as const;
    await track(place(id), waiting);
    await track(place(id), waiting);
    expect(await given.stored(id)).toMatchObject({ waiting: { reason: statusReason, since: '2026-11-22T06:59:30.000Z' } });
    expect(await given.history(id)).toEqual(['stage.queued', 'stage.waiting']);
    await track(place(id), { status: 'RUNNING' });
    expect(await given.stored(id)).not.toHaveProperty('waiting');
  });

  it('tells how many seconds it waits before the next attempt', async () => {
    const { id } = await given.store();
    await track(place(id), { ...over, status: 'FAILED', exitCode: 74 });
    const { data } = await eventEntity(given.aws.table).query.ofExperiment({ experimentId: id }).go();
    expect(data.at(-1)).toMatchObject({
      type: 'stage.failed',
      message: expect.stringMatching(/^Stage\.Infrastructure: .* Trying again in 10 s\.$/),
    });
    expect(await given.stored(id)).not.toHaveProperty('failure');
  });

  it('ignores the jobs of others', async () => {
    await trackJob(anEvent('Batch Job State Change', { ...detailOf(place(anId())), jobName: 'somebody-elses' }), given.observer);
    expect(given.stepFunctions.calls()).toHaveLength(0);
  });

  it('never logs the token', async () => {
    const lines: string[] = [];
    const { info } = logger;
    logger.info = (...args) => void lines.push(JSON.stringify(args));
    const { id } = await given.store();
    await track(place(id), { ...over, status: 'FAILED', exitCode: 1 });
    logger.info = info;
    expect(lines.join('')).toContain('tracked a job');
    expect(lines.join('')).not.toContain('token-1-train-1');
  });
});
