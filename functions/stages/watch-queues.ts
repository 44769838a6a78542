import {
  type BatchClient,
  DescribeComputeEnvironmentsCommand,
  DescribeJobQueuesCommand,
  GetJobQueueSnapshotCommand,
  type JobDetail,
  type JobQueueDetail,
} from '@aws-sdk/client-batch';
import type { Clock } from '../shared/clock.ts';
import { describeJobs, listJobs, STARTED } from './find-jobs.ts';
import type { JobView } from './job-view.ts';
import type { QueueView } from './queue-view.ts';
import { hasWaitedLong } from './waiting.ts';

/** Tells of the queue that a job waits in. */
export type QueueWatch = (job: JobView) => Promise<QueueView>;

/** The reason that Batch gives up a job at the head for, see lib/constructs/batch-queue.ts. */
const CAPACITY = 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY';

const once = <T>(ask: (key: string) => Promise<T>): ((key: string) => Promise<T>) => {
  const asked = new Map<string, Promise<T>>();
  return (key) => {
    const answer = asked.get(key) ?? ask(key);
    asked.set(key, answer);
    return answer;
  };
};

/** What a job takes of its environment. One of a kind that is not ours (several nodes, EKS) counts as everything, so that nobody is hurried. */
const vcpusOf = ({ container }: JobDetail): number =>
  Number(
    container?.resourceRequirements?.find(({ type }) => type === 'VCPU')?.value ?? container?.vcpus ?? Number.POSITIVE_INFINITY,
  );

const environmentsOf = ({ computeEnvironmentOrder = [] }: JobQueueDetail): string[] =>
  computeEnvironmentOrder.flatMap(({ computeEnvironment }) => computeEnvironment ?? []);

const isHere = (name: string, queue: JobQueueDetail): boolean => queue.jobQueueName === name || queue.jobQueueArn === name;

/**
 * Looks at queues for one pass of the supervisor: each is asked once, however many wait in it, and only if somebody does.
 * @throws Error for a queue that Batch does not know
 */
export const queueWatch = (batch: BatchClient, clock: Clock): QueueWatch => {
  const allQueues = once(async (): Promise<JobQueueDetail[]> => {
    const queues: JobQueueDetail[] = [];
    let nextToken: string | undefined;
    do {
      const page = await batch.send(new DescribeJobQueuesCommand(nextToken ? { nextToken } : {}));
      queues.push(...(page.jobQueues ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    return queues;
  });

  const frontOf = async (jobQueue: string): Promise<QueueView['front']> => {
    const { frontOfQueue } = await batch.send(new GetJobQueueSnapshotCommand({ jobQueue }));
    const ids = (frontOfQueue?.jobs ?? []).flatMap(({ jobArn }) => jobArn?.slice(jobArn.lastIndexOf('/') + 1) ?? []);
    const jobs = new Map((await describeJobs(batch, ids)).map((job) => [job.jobId, job]));
    return ids.flatMap((jobId) => {
      const job = jobs.get(jobId);
      return job ? [{ jobId, vcpus: vcpusOf(job), statusReason: job.statusReason ?? null }] : [];
    });
  };

  const usedBy = async (queues: readonly JobQueueDetail[]): Promise<number> => {
    const onHosts = await Promise.all(
      queues.flatMap(({ jobQueueArn }) =>
        (['STARTING', 'RUNNING'] as const).map((jobStatus) => listJobs(batch, { jobQueue: jobQueueArn, jobStatus })),
      ),
    );
    const ids = onHosts.flat().flatMap(({ jobId }) => jobId ?? []);
    return (await describeJobs(batch, ids)).reduce((sum, job) => sum + vcpusOf(job), 0);
  };

  const look = once(async (name: string): Promise<QueueView> => {
    const queues = await allQueues('');
    const queue = queues.find((each) => isHere(name, each));
    if (!queue) throw new Error(`Batch does not know the queue ${name}.`);
    const computeEnvironments = environmentsOf(queue);
    const sharing = queues.filter((each) =>
      environmentsOf(each).some((environment) => computeEnvironments.includes(environment)),
    );
    const [front, usedVcpus, described] = await Promise.all([
      frontOf(name),
      usedBy(sharing),
      batch.send(new DescribeComputeEnvironmentsCommand({ computeEnvironments })),
    ]);
    const maxima = (described.computeEnvironments ?? []).map(({ computeResources }) => computeResources?.maxvCpus ?? 0);
    return {
      name,
      front,
      maxVcpus: maxima.reduce((sum, maximum) => sum + maximum, 0),
      usedVcpus,
      limitSeconds: queue.jobStateTimeLimitActions?.find(({ reason }) => reason === CAPACITY)?.maxTimeSeconds ?? null,
      lastStartAt: 'unknown',
    };
  });

  const lastStart = once(async (jobQueue: string): Promise<number | null> => {
    const started = await Promise.all(STARTED.map((jobStatus) => listJobs(batch, { jobQueue, jobStatus })));
    // A job that goes to a host right now has no time of its start yet; one that was cancelled before it did never has.
    const times = started
      .flat()
      .flatMap(({ status, startedAt }) => (status === 'STARTING' ? clock.now().getTime() : (startedAt ?? [])));
    return times.reduce<number | null>((latest, at) => Math.max(latest ?? 0, at), null);
  });

  return async (job) => {
    const queue = await look(job.queue);
    return hasWaitedLong(job, queue, clock.now()) ? { ...queue, lastStartAt: await lastStart(job.queue) } : queue;
  };
};
