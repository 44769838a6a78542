import {
  type BatchClient,
  CancelJobCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobQueuesCommand,
  DescribeJobsCommand,
  GetJobQueueSnapshotCommand,
  type JobDetail,
  type JobQueueDetail,
  type JobSummary,
  ListJobsCommand,
  type ListJobsCommandInput,
  TerminateJobCommand,
} from '@aws-sdk/client-batch';
import { CAPACITY_SECONDS } from './limits.ts';
import type { SimulatedBatch } from './simulated-batch.ts';
import type { Call } from './simulated-table.ts';

/** What may be wrong with what one invocation is shown of jobs. */
const HAZES = ['is nothing', 'is a part', 'is outdated'] as const;
type Haze = (typeof HAZES)[number] | undefined;

/** How far back an outdated answer of Batch may look. */
const OUTDATED_SECONDS = 90;
const MAX_VCPUS = 64;

const viewTime = ({ around: { chance, timeline } }: SimulatedBatch, haze: Haze, name: string): number =>
  haze === 'is outdated' ? timeline.now - chance.between(1, OUTDATED_SECONDS, `${name} is old`) * 1000 : timeline.now;

const list = (batch: SimulatedBatch, { jobQueue, jobStatus, filters }: ListJobsCommandInput, haze: Haze, who: string) => {
  if (haze === 'is nothing') return { jobSummaryList: [] };
  const time = viewTime(batch, haze, who);
  const prefix = filters?.[0]?.values?.[0]?.slice(0, -1) ?? '';
  const jobSummaryList = batch.jobs.flatMap((job): JobSummary[] => {
    if (job.queue !== jobQueue) return [];
    const detail = batch.detailOf(job, time);
    if (!detail?.jobName?.startsWith(prefix) || (jobStatus !== undefined && detail.status !== jobStatus)) return [];
    if (haze === 'is a part' && batch.around.chance.at(`${who} sees ${job.id}`) < 0.5) return [];
    const { exitCode, reason } = detail.container ?? {};
    return [{ ...detail, jobId: job.id, jobName: detail.jobName, container: { exitCode, reason } }];
  });
  return { jobSummaryList };
};

const describe = (batch: SimulatedBatch, id: string, haze: Haze, who: string): JobDetail | undefined => {
  const job = batch.jobs.find((candidate) => candidate.id === id);
  return job && (batch.detailOf(job, viewTime(batch, haze, `${who} describes ${id}`)) ?? job.views[0]?.detail);
};

/** Each queue has an environment of its own. */
const queuesOf = ({ jobs }: SimulatedBatch): JobQueueDetail[] =>
  [...new Set(jobs.map(({ queue }) => queue))].map((jobQueueArn) => ({
    jobQueueArn,
    jobQueueName: jobQueueArn.slice(jobQueueArn.lastIndexOf('/') + 1),
    state: 'ENABLED',
    priority: 1,
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: `environment of ${jobQueueArn}` }],
    jobStateTimeLimitActions: [
      {
        reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
        state: 'RUNNABLE',
        action: 'CANCEL',
        maxTimeSeconds: CAPACITY_SECONDS,
      },
    ],
  }));

const frontOf = (batch: SimulatedBatch, queue: string): { jobArn: string }[] =>
  batch.jobs
    .filter((job) => job.queue.endsWith(queue) && batch.detailOf(job)?.status === 'RUNNABLE')
    .map(({ id }) => ({ jobArn: `arn:aws:batch:us-east-1:000000000000:job/${id}` }));

/** Batch as one invocation sees it: now and then it is shown too little, or what was. */
export const simulatedBatchClient = (batch: SimulatedBatch, call: Call, who: string): BatchClient => {
  const haze = (): Haze => batch.around.chance.misfortune(`what Batch shows to ${who}`, HAZES, batch.around.hazy());
  const send = (command: unknown): Promise<unknown> => {
    if (command instanceof ListJobsCommand) return call('ListJobs', () => list(batch, command.input, haze(), who));
    if (command instanceof DescribeJobsCommand) {
      const { jobs = [] } = command.input;
      return call(`DescribeJobs ${jobs}`, () => ({ jobs: jobs.flatMap((id) => describe(batch, id, haze(), who) ?? []) }));
    }
    if (command instanceof TerminateJobCommand) {
      const { jobId = '', reason = '' } = command.input;
      return call(`TerminateJob ${jobId} "${reason}"`, () => batch.terminate(jobId, reason));
    }
    if (command instanceof CancelJobCommand) {
      const { jobId = '', reason = '' } = command.input;
      return call(`CancelJob ${jobId} "${reason}"`, () => batch.cancel(jobId, reason));
    }
    if (command instanceof DescribeJobQueuesCommand) return call('DescribeJobQueues', () => ({ jobQueues: queuesOf(batch) }));
    if (command instanceof GetJobQueueSnapshotCommand) {
      const { jobQueue = '' } = command.input;
      return call('GetJobQueueSnapshot', () => ({ frontOfQueue: { jobs: frontOf(batch, jobQueue) } }));
    }
    if (command instanceof DescribeComputeEnvironmentsCommand)
      // An environment that others fill is, to those who wait, one with a smaller maximum.
      return call('DescribeComputeEnvironments', () => ({
        computeEnvironments: [{ computeResources: { maxvCpus: batch.isFull() ? 1 : MAX_VCPUS } }],
      }));
    throw new Error('a call of Batch that the simulation does not know');
  };
  return { send } as unknown as BatchClient;
};
