import {
  type BatchClient,
  DescribeJobsCommand,
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

const list = async (batch: BatchClient, request: ListJobsCommandInput): Promise<JobView[]> => {
  const jobs: JobSummary[] = [];
  let nextToken: string | undefined;
  do {
    const page = await batch.send(new ListJobsCommand({ ...request, ...(nextToken ? { nextToken } : {}) }));
    jobs.push(...(page.jobSummaryList ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return jobs.flatMap((job) => viewOfSummary(job, request.jobQueue ?? '') ?? []);
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

/** Every job of ours in these queues that has not ended, whoever's it is. */
export const jobsAlive = async (batch: BatchClient, queues: readonly string[]): Promise<JobView[]> =>
  (await Promise.all(queues.flatMap((jobQueue) => ALIVE.map((jobStatus) => list(batch, { jobQueue, jobStatus }))))).flat();

/** A job with what only DescribeJobs tells: its token. Undefined once Batch has forgotten it. */
export const describeJob = async (batch: BatchClient, jobId: string): Promise<JobView | undefined> => {
  const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
  return jobs[0] && viewOfDetail(jobs[0]);
};
