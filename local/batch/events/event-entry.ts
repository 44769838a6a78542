import { jobDetail } from '../jobs/job-view.ts';
import type { JobRecord } from '../state/job-record.ts';

/** One entry of PutEvents. The bus adds version, id, account and region. */
export interface EventEntry {
  Source: string;
  DetailType: string;
  Time: Date;
  Resources: string[];
  Detail: string;
}

/**
 * The `Batch Job State Change` event of a job as it is now.
 * Shape: https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html (its tags carry the resource's ARN).
 */
export function eventEntry(job: JobRecord, at: number): EventEntry {
  const detail = jobDetail(job);
  return {
    Source: 'aws.batch',
    DetailType: 'Batch Job State Change',
    Time: new Date(at),
    Resources: [job.jobArn],
    Detail: JSON.stringify({ ...detail, tags: { resourceArn: job.jobArn, ...detail.tags } }),
  };
}
