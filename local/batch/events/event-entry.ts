import { jobDetail } from '../jobs/job-view.ts';
import type { JobRecord } from '../state/job-record.ts';

/** One entry of PutEvents; `Time` in epoch milliseconds. The bus adds version, id, account and region. */
export interface EventEntry {
  Source: string;
  DetailType: string;
  Time: number;
  Resources: string[];
  Detail: string;
}

/**
 * The `Batch Job State Change` event of a job as it is now.
 * Shape: https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html (its tags carry the resource's ARN).
 */
export function stateChange(job: JobRecord, at: number): EventEntry {
  const detail = jobDetail(job);
  return {
    Source: 'aws.batch',
    DetailType: 'Batch Job State Change',
    Time: at,
    Resources: [job.jobArn],
    Detail: JSON.stringify({ ...detail, tags: { resourceArn: job.jobArn, ...detail.tags } }),
  };
}

/**
 * The `Batch Job Queue Blocked` event of a job that holds up its queue; `statusReason` says why.
 * Shape: https://docs.aws.amazon.com/batch/latest/userguide/batch-job-queue-blocked-events.html (without tags, unlike the above).
 */
export function queueBlocked(job: JobRecord, at: number): EventEntry {
  const { tags: _, ...detail } = jobDetail(job);
  return {
    Source: 'aws.batch',
    DetailType: 'Batch Job Queue Blocked',
    Time: at,
    Resources: [job.jobArn, job.jobQueue],
    Detail: JSON.stringify(detail),
  };
}
