import {
  type BatchClient,
  DescribeJobsCommand,
  type JobDetail,
  type JobSummary,
  ListJobsCommand,
  type ListJobsCommandInput,
} from '@aws-sdk/client-batch';
import type { BATCH_STATUSES } from '../shared/contracts/experiment-view.ts';
import { type JobView, viewOfDetail, viewOfSummary } from './job-view.ts';

const ALIVE = [
  'SUBMITTED',
  'PENDING',
  'RUNNABLE',
  'STARTING',
  'RUNNING',
] as const satisfies readonly (typeof BATCH_STATUSES)[number][];

/** States of a job that has been given a host. */
export const STARTED = [
  'STARTING',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
] as const satisfies readonly (typeof BATCH_STATUSES)[number][];

/** DescribeJobs takes this many. */
const DESCRIBED_AT_ONCE = 100;

/** All pages, whoever's jobs they are. */
export const listJobs = async (batch: BatchClient, request: ListJobsCommandInput): Promise<JobSummary[]> => {
  const jobs: JobSummary[] = [];
  let nextToken: string | undefined;
  do {
    const page = await batch.send(new ListJobsCommand({ ...request, ...(nextToken ? { nextToken } : {}) }));
    jobs.push(...(page.jobSummaryList ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return jobs;
};

const list = async (batch: BatchClient, request: ListJobsCommandInput): Promise<JobView[]> =>
  (await listJobs(batch, request)).flatMap((job) => viewOfSummary(job, request.jobQueue ?? '') ?? []);

/** In no particular order, without those that Batch has forgotten. */
export const describeJobs = async (batch: BatchClient, jobIds: readonly string[]): Promise<JobDetail[]> => {
  const described: JobDetail[] = [];
  for (let start = 0; start < jobIds.length; start += DESCRIBED_AT_ONCE) {
    const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: jobIds.slice(start, start + DESCRIBED_AT_ONCE) }));
    described.push(...jobs);
  }
  return described;
};

/** Every job of an experiment in these queues, ended ones included (Batch keeps those for a week). */
export const jobsOfExperiment = async (
  batch: BatchClient,
  queues: readonly string[],
  experimentId: string,
): Promise<JobView[]> => {
  const filters = [{ name: 'JOB_NAME', values: [`${experimentId}-*`] }];
  return (await Promise.all(queues.map((jobQueue) => list(batch, { jobQueue, filters })))).flat();
};

/** Every job of ours in these queues that has not ended, or is in one of these states, whoever's it is. */
export const jobsAlive = async (
  batch: BatchClient,
  queues: readonly string[],
  statuses: readonly (typeof ALIVE)[number][] = ALIVE,
): Promise<JobView[]> =>
  (await Promise.all(queues.flatMap((jobQueue) => statuses.map((jobStatus) => list(batch, { jobQueue, jobStatus }))))).flat();

/** A job with what only DescribeJobs tells: its token. Undefined once Batch has forgotten it. */
export const describeJob = async (batch: BatchClient, jobId: string): Promise<JobView | undefined> => {
  const [job] = await describeJobs(batch, [jobId]);
  return job && viewOfDetail(job);
};
