import { lastSegment } from '../arns.ts';
import { ClientException } from '../errors.ts';
import type { JobRecord } from '../state/job-record.ts';
import type { JobStatus } from '../wire/jobs.ts';

/** The value as a whole, or the beginning when the filter ends with an asterisk. */
function fits(filter: string, value: string): boolean {
  return filter.endsWith('*') ? value.startsWith(filter.slice(0, -1)) : value === filter;
}

/** What each filter of ListJobs asks of a job. Source: ListJobs in the AWS Batch API reference. */
const FILTERS: Record<string, (job: JobRecord, filter: string) => boolean> = {
  JOB_NAME: (job, filter) => fits(filter.toLowerCase(), job.jobName.toLowerCase()),
  JOB_DEFINITION: (job, filter) => {
    const nameAndRevision = lastSegment(job.jobDefinition);
    return fits(filter, filter.startsWith('arn:') ? job.jobDefinition : (nameAndRevision.split(':')[0] ?? ''));
  },
  BEFORE_CREATED_AT: (job, filter) => job.createdAt < Number(filter),
  AFTER_CREATED_AT: (job, filter) => job.createdAt > Number(filter),
  SHARE_IDENTIFIER: (job, filter) => fits(filter, job.shareIdentifier ?? ''),
};

/** The jobs that ListJobs shows. A filter sets the status aside (but SHARE_IDENTIFIER does not) and sorts the newest first. */
export function filtered(
  jobs: readonly JobRecord[],
  request: { jobStatus?: JobStatus | undefined; filters?: { name: string; values: string[] }[] | undefined },
): JobRecord[] {
  const filter = request.filters?.[0];
  if (!filter) return jobs.filter(({ status }) => status === (request.jobStatus ?? 'RUNNING'));
  const test = FILTERS[filter.name];
  if (!test)
    throw new ClientException(`Invalid filter name ${filter.name}: one of ${Object.keys(FILTERS).join(', ')} is expected`);
  const status = filter.name === 'SHARE_IDENTIFIER' ? request.jobStatus : undefined;
  return jobs
    .filter((job) => filter.values.some((value) => test(job, value)) && (status === undefined || job.status === status))
    .sort((a, b) => b.createdAt - a.createdAt || b.sequence - a.sequence);
}
