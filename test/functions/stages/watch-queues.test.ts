import {
  CancelJobCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobQueuesCommand,
  DescribeJobsCommand,
  GetJobQueueSnapshotCommand,
  type JobDetail,
  ListJobsCommand,
} from '@aws-sdk/client-batch';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, it } from 'vitest';
import { superviseExperiments } from '../../../functions/stages/supervise-experiments.ts';
import { queueWatch } from '../../../functions/stages/watch-queues.ts';
import { aJob, NOW } from './a-job.ts';
import { anObserver, detailOf, QUEUE } from './an-observer.ts';

const NAME = 'spotforge-cpu-spot';
const ENVIRONMENT = 'arn:aws:batch:us-east-1:000000000000:compute-environment/e';
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;

let given: Awaited<ReturnType<typeof anObserver>>;
// A table of its own for each test: the supervisor looks at all that is active.
beforeEach(async () => {
  given = await anObserver();
});

type Job = { jobId: string; status: string; queue?: string; vcpus?: string; startedAt?: number; statusReason?: string };
const arn = (jobId: string) => `arn:aws:batch:us-east-1:000000000000:job/${jobId}`;

/** Batch with our queue, another queue on the same environment, and one that has nothing to do with either. */
const batchHas = (
  jobs: Job[],
  { front = [], limit = 600, ours }: { front?: string[]; limit?: number | null; ours?: JobDetail } = {},
) => {
  const { batch } = given;
  const queue = (name: string, environment: string) => ({
    jobQueueName: name,
    jobQueueArn: QUEUE.replace(NAME, name),
    state: 'ENABLED' as const,
    priority: 1,
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment }],
    jobStateTimeLimitActions: limit
      ? [
          {
            reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
            state: 'RUNNABLE' as const,
            maxTimeSeconds: limit,
            action: 'CANCEL' as const,
          },
        ]
      : [],
  });
  batch
    .on(DescribeJobQueuesCommand)
    .callsFake(({ nextToken }) =>
      nextToken
        ? { jobQueues: [queue(NAME, ENVIRONMENT), queue('unrelated', `${ENVIRONMENT}2`)] }
        : { jobQueues: [queue('shares-it', ENVIRONMENT)], nextToken: 'more' },
    );
  batch.on(DescribeComputeEnvironmentsCommand).resolves({
    computeEnvironments: [
      {
        computeEnvironmentName: 'e',
        computeEnvironmentArn: ENVIRONMENT,
        computeResources: { type: 'SPOT', maxvCpus: 16, subnets: [] },
      },
    ],
  });
  batch.on(GetJobQueueSnapshotCommand).resolves({ frontOfQueue: { jobs: front.map((jobId) => ({ jobArn: arn(jobId) })) } });
  batch.on(ListJobsCommand).callsFake(({ jobQueue, jobStatus, filters }) => {
    const name = jobQueue.slice(jobQueue.lastIndexOf('/') + 1);
    if (filters) return { jobSummaryList: ours && name === NAME ? [ours] : [] };
    return {
      jobSummaryList: jobs
        .filter((job) => (job.queue ?? NAME) === name && job.status === jobStatus)
        .map(({ jobId, status, startedAt }) => ({ jobId, jobName: jobId, status, startedAt })),
    };
  });
  batch.on(DescribeJobsCommand).callsFake(({ jobs: ids }) => ({
    jobs: jobs
      .filter(({ jobId }) => ids.includes(jobId))
      .map(({ jobId, vcpus = '4', statusReason }) => ({
        jobId,
        statusReason,
        container: {
          resourceRequirements: [
            { type: 'MEMORY', value: '1' },
            { type: 'VCPU', value: vcpus },
          ],
        },
      })),
  }));
};

const watch = () => queueWatch(given.observer.batch, given.observer.clock);
const waits = (createdAt: number) => aJob({ experimentId: 'x' }, { jobId: 'ours', queue: NAME, status: 'RUNNABLE', createdAt });

describe('a look at a queue', () => {
  it('tells who is in front, what runs on its environment from whichever queue, and the limits', async () => {
    batchHas(
      [
        { jobId: 'head', status: 'RUNNABLE', statusReason: 'CAPACITY:X - y' },
        { jobId: 'ours', status: 'RUNNABLE', vcpus: '2' },
        { jobId: 'running', status: 'RUNNING' },
        { jobId: 'other queue', status: 'STARTING', queue: 'shares-it', vcpus: '3' },
        { jobId: 'other environment', status: 'RUNNING', queue: 'unrelated' },
      ],
      { front: ['head', 'ours', 'forgotten'] },
    );
    expect(await watch()(waits(Date.now()))).toEqual({
      name: NAME,
      front: [
        { jobId: 'head', vcpus: 4, statusReason: 'CAPACITY:X - y' },
        { jobId: 'ours', vcpus: 2, statusReason: null },
      ],
      maxVcpus: 16,
      usedVcpus: 7,
      limitSeconds: 600,
      lastStartAt: 'unknown',
    });
  });

  it('asks when the queue last started something only for a job that has waited long', async () => {
    const startedAt = minutesAgo(3);
    batchHas(
      [
        { jobId: 'short', status: 'SUCCEEDED', startedAt },
        { jobId: 'earlier', status: 'FAILED', startedAt: minutesAgo(5) },
        { jobId: 'cancelled at the head', status: 'FAILED' },
        { jobId: 'elsewhere', status: 'RUNNING', queue: 'shares-it', startedAt: minutesAgo(1) },
      ],
      { front: ['head', 'ours'] },
    );
    const look = watch();
    expect(await look(waits(minutesAgo(9)))).toMatchObject({ lastStartAt: 'unknown' });
    expect(await look(waits(minutesAgo(11)))).toMatchObject({ lastStartAt: startedAt });
  });

  it('takes a job that is being given a host for a start', async () => {
    batchHas([{ jobId: 'just now', status: 'STARTING' }]);
    const { lastStartAt } = await watch()(waits(minutesAgo(11)));
    expect(lastStartAt).toBeGreaterThan(minutesAgo(1));
  });

  it('says so when nothing ever started', async () => {
    batchHas([{ jobId: 'cancelled at the head', status: 'FAILED' }]);
    expect(await watch()(waits(minutesAgo(11)))).toMatchObject({ lastStartAt: null });
  });

  it('knows no limit where the queue has none', async () => {
    batchHas([], { limit: null });
    expect(await watch()(waits(1))).toMatchObject({ limitSeconds: null, lastStartAt: 'unknown' });
  });

  it('asks Batch once for all that wait in it', async () => {
    batchHas([{ jobId: 'running', status: 'RUNNING' }]);
    const look = watch();
    await Promise.all([look(waits(1)), look(waits(2)), look(waits(3))]);
    expect(given.batch.commandCalls(GetJobQueueSnapshotCommand)).toHaveLength(1);
    expect(given.batch.commandCalls(DescribeComputeEnvironmentsCommand)).toHaveLength(1);
  });
});

describe('the supervisor', () => {
  const supervise = () => superviseExperiments({}, given.observer);
  const current = { run: 1, stage: 'train', attempt: 1 } as const;
  const waiting = async (createdAt: number) => {
    const { id } = await given.store({ current });
    given.stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
    const ours = detailOf({ experimentId: id }, { jobId: 'ours', status: 'RUNNABLE', startedAt: null, createdAt });
    return { id, ours };
  };

  it('writes into the experiment why its job waits', async () => {
    const { id, ours } = await waiting(Date.now());
    batchHas(
      ['secret-1', 'secret-2', 'ours'].map((jobId) => ({ jobId, status: 'RUNNABLE' })),
      { front: ['secret-1', 'secret-2', 'ours'], ours },
    );
    await supervise();
    const reason = `Third in ${NAME}; two jobs of other experiments are ahead.`;
    expect((await given.stored(id)).waiting).toMatchObject({ reason });
    await supervise();
    expect((await given.history(id)).filter((type) => type === 'stage.waiting')).toHaveLength(1);
  });

  it('takes it out of a queue that gets no machines, and leaves it when the environment is full', async () => {
    const { ours } = await waiting(minutesAgo(11));
    const head = [
      { jobId: 'head', status: 'RUNNABLE' },
      { jobId: 'ours', status: 'RUNNABLE' },
    ];
    batchHas([...head, { jobId: 'busy', status: 'RUNNING', queue: 'shares-it', vcpus: '16', startedAt: minutesAgo(60) }], {
      front: ['head', 'ours'],
      ours,
    });
    await supervise();
    expect(given.batch.commandCalls(CancelJobCommand)).toHaveLength(0);
    batchHas(head, { front: ['head', 'ours'], ours });
    await supervise();
    expect(given.batch.commandCalls(CancelJobCommand).map(({ args }) => args[0].input)).toEqual([
      {
        jobId: 'ours',
        reason: expect.stringMatching(/^Stage\.CapacityUnavailable: spotforge-cpu-spot started nothing for 600 s/),
      },
    ]);
  });

  it('supervises all the same when the queue cannot be looked at', async () => {
    const { id, ours } = await waiting(NOW.getTime());
    batchHas([], { ours });
    given.batch.on(GetJobQueueSnapshotCommand).rejects(new Error('away'));
    await supervise();
    expect((await given.stored(id)).waiting?.reason).toBe(`No host of ${NAME} is free for it yet.`);
  });
});
