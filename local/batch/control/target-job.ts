import { z } from 'zod';
import type { Attempt } from '../attempts/attempt.ts';
import { ClientException } from '../errors.ts';
import type { JobRecord } from '../state/job-record.ts';
import type { ControlRoutes } from './route.ts';

interface Target {
  jobId?: string | undefined;
  jobName?: string | undefined;
}

/** How a body names one job: by its id, or by its name, of which the newest counts. */
export const targetMembers = { jobId: z.string().optional(), jobName: z.string().optional() };
export const namesOneJob = ({ jobId, jobName }: Target): boolean => (jobId === undefined) !== (jobName === undefined);
export const NAMES_ONE_JOB = 'either jobId or jobName is expected';

/** The named job and what runs it now. */
export function runningTarget({ store, jobs }: ControlRoutes, target: Target): { job: JobRecord; attempt: Attempt } {
  const named = target.jobId ?? target.jobName;
  const job = [...store.jobs.values()].findLast((each) => each.jobId === named || each.jobName === named);
  const attempt = job && jobs.attemptOf(job);
  if (attempt) return { job, attempt };
  const state = job ? `is ${job.status}` : 'does not exist';
  throw new ClientException(`Job ${named} ${state}: a job that is STARTING or RUNNING on a host is expected`);
}
