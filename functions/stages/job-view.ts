import type { JobDetail, JobSummary } from '@aws-sdk/client-batch';
import { BATCH_STATUSES } from '../shared/contracts/experiment-view.ts';
import { type AttemptId, parseJobName, STAGE_ENV } from '../shared/contracts/names.ts';

export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** What `result.json` said when it was read; `not-read` where nobody needed it. */
export type ResultRead = { state: 'not-read' } | { state: 'absent' } | { state: 'read'; document: unknown };

/** One of our Batch jobs as an event, DescribeJobs or ListJobs shows it. Times are milliseconds since 1970, as Batch gives them. */
export type JobView = {
  at: AttemptId;
  jobId: string;
  queue: string;
  status: BatchStatus;
  statusReason: string | null;
  exitCode: number | null;
  reason: string | null;
  createdAt: number | null;
  startedAt: number | null;
  stoppedAt: number | null;
  taskToken: string | null;
  result: ResultRead;
  /** URI of the stack dump that a hung attempt left. */
  stacks?: string | undefined;
};

/** `detail` of a Batch Job State Change event has DescribeJobs' shape, without a guarantee. */
export type JobEventDetail = Partial<JobDetail>;

export const isEnded = ({ status }: { status: BatchStatus }): boolean => status === 'SUCCEEDED' || status === 'FAILED';

export const statusRank = (status: BatchStatus): number =>
  status === 'FAILED' ? BATCH_STATUSES.indexOf('SUCCEEDED') : BATCH_STATUSES.indexOf(status);

export const queueName = (queue: string): string => queue.slice(queue.lastIndexOf('/') + 1);

const batchStatus = (value: string | undefined): BatchStatus | undefined => BATCH_STATUSES.find((status) => status === value);

/** A job of ours from an event or from DescribeJobs; undefined for anybody else's. */
export const viewOfDetail = (job: JobEventDetail): JobView | undefined => {
  const at = parseJobName(job.jobName ?? '');
  const status = batchStatus(job.status);
  if (!at || !status || !job.jobId) return undefined;
  // What happened to the process is said of the job and, on some paths, of its only attempt alone.
  const attempt = job.attempts?.at(-1);
  return {
    at,
    jobId: job.jobId,
    queue: queueName(job.jobQueue ?? ''),
    status,
    statusReason: job.statusReason ?? attempt?.statusReason ?? null,
    exitCode: job.container?.exitCode ?? attempt?.container?.exitCode ?? null,
    reason: job.container?.reason ?? attempt?.container?.reason ?? null,
    createdAt: job.createdAt ?? null,
    startedAt: job.startedAt ?? attempt?.startedAt ?? null,
    stoppedAt: job.stoppedAt ?? attempt?.stoppedAt ?? null,
    taskToken: job.container?.environment?.find(({ name }) => name === STAGE_ENV.taskToken)?.value ?? null,
    result: { state: 'not-read' },
  };
};

/** A job of ours from ListJobs, which knows everything but the token. */
export const viewOfSummary = (job: JobSummary, queue: string): JobView | undefined =>
  viewOfDetail({
    jobName: job.jobName,
    jobId: job.jobId,
    jobQueue: queue,
    status: job.status,
    statusReason: job.statusReason,
    container: { exitCode: job.container?.exitCode, reason: job.container?.reason },
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    stoppedAt: job.stoppedAt,
  });
