import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchClient, DescribeJobsCommand, type JobDetail, SubmitJobCommand } from '@aws-sdk/client-batch';
import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { TierFailure } from '../tier/tier-failure.ts';
import type { SelfCheckJob } from './self-check-jobs.ts';

export type SelfCheckClients = { batch: BatchClient; logs: CloudWatchLogsClient };
export type SelfChecked = { job: string; passed: boolean; lines: string[] };

/** Fair-share queues ask for one; jobs of no tenant share it. */
const SHARE = 'selfcheck';
const POLL_MS = 500;
/** The last lines of a log come a moment after the job's end. */
const LOG_MS = 10_000;
const LAST_LINE = / passed, \d+ failed \(/;

/**
 * Runs a self-check as a job and reads what it said. Its name is none of an attempt, so that nothing of the pipeline takes it for one.
 * @throws TierFailure when the job is not over after `seconds`, which on AWS is a matter of getting an instance
 */
export const runSelfCheck = async (clients: SelfCheckClients, job: SelfCheckJob, seconds: number): Promise<SelfChecked> => {
  const { jobId } = await clients.batch.send(
    new SubmitJobCommand({
      jobName: `self-check-${job.name}`,
      jobQueue: job.queue,
      jobDefinition: job.definition,
      shareIdentifier: SHARE,
      containerOverrides: {
        command: job.command,
        environment: Object.entries(job.environment ?? {}).map(([name, value]) => ({ name, value })),
      },
    }),
  );
  const deadline = Date.now() + seconds * 1000;
  let detail = await describe(clients.batch, jobId);
  while (detail.status !== 'SUCCEEDED' && detail.status !== 'FAILED') {
    if (Date.now() > deadline)
      throw new TierFailure(
        `${job.name} is ${detail.status} after ${seconds} s on ${job.queue}: job ${jobId} goes on without this.`,
      );
    await sleep(POLL_MS);
    detail = await describe(clients.batch, jobId);
  }
  const lines = await logOf(clients.logs, detail);
  const reasons = [detail.statusReason, detail.container?.reason].filter((reason) => reason !== undefined);
  return { job: job.name, passed: detail.status === 'SUCCEEDED', lines: lines.length > 0 ? lines : reasons };
};

const describe = async (batch: BatchClient, jobId: string | undefined): Promise<JobDetail> => {
  const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: [String(jobId)] }));
  if (!jobs[0]) throw new TierFailure(`Batch does not know the job ${jobId} that it has just taken.`);
  return jobs[0];
};

const logOf = async (logs: CloudWatchLogsClient, { container }: JobDetail): Promise<string[]> => {
  const { logConfiguration, logStreamName } = container ?? {};
  const logGroupName = logConfiguration?.options?.['awslogs-group'];
  if (logGroupName === undefined || logStreamName === undefined) return []; // it never started
  const deadline = Date.now() + LOG_MS;
  for (;;) {
    const { events = [] } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true }));
    const lines = events.map(({ message = '' }) => message);
    if (lines.some((line) => LAST_LINE.test(line)) || Date.now() > deadline) return lines;
    await sleep(POLL_MS);
  }
};
