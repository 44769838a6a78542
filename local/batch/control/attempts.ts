import { matchesPattern } from '../faults.ts';
import type { JobRecord } from '../state/job-record.ts';
import type { Route } from './route.ts';

export const attemptRoutes: Record<string, Route> = {
  'GET /_spotforge/attempts': ({ store }, _body, url) => {
    const pattern = url.searchParams.get('jobName') ?? '*';
    return { attempts: [...store.jobs.values()].filter((job) => matchesPattern(pattern, job.jobName)).flatMap(attemptsOf) };
  },
};

/** Process start and exit in epoch milliseconds, one entry an attempt. */
function attemptsOf(job: JobRecord): object[] {
  return [...job.attempts, ...(job.current ? [job.current] : [])].map((attempt) => ({
    jobId: job.jobId,
    jobName: job.jobName,
    attempt: attempt.number,
    submittedAt: job.createdAt,
    startedAt: attempt.startedAt,
    stoppedAt: attempt.stoppedAt,
    exitCode: attempt.exitCode,
    statusReason: attempt.statusReason,
    computeEnvironment: attempt.computeEnvironment,
    instanceId: attempt.instanceId,
    pid: attempt.pid,
  }));
}
