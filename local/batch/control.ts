import { z } from 'zod';
import { ClientException } from './errors.ts';
import { type Faults, matchesPattern } from './faults.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { JobRecord } from './state/job-record.ts';
import type { Store } from './state/store.ts';
import { jobStatus } from './wire/jobs.ts';
import { parse } from './wire/parse.ts';

/** What the executor's own routes, `/_spotforge/…`, work on. */
export interface ControlRoutes {
  store: Store;
  jobs: Jobs;
  faults: Faults;
}

const dropEvents = z.strictObject({
  jobNamePattern: z.string().min(1),
  statuses: z.array(jobStatus).default([]),
  count: z.int().positive().default(1),
});

const reclaimHost = z
  .strictObject({ jobId: z.string().optional(), jobName: z.string().optional(), noticeSeconds: z.number().min(0).default(120) })
  .refine(({ jobId, jobName }) => (jobId === undefined) !== (jobName === undefined), 'either jobId or jobName is expected');

type Route = (routes: ControlRoutes, body: unknown, url: URL) => object;

/** AWS knows none of these: they stand for what a user cannot do to AWS, and for what only the executor can have seen. */
const ROUTES: Record<string, Route> = {
  'GET /_spotforge/health': () => ({ status: 'ok' }),
  'GET /_spotforge/attempts': ({ store }, _body, url) => {
    const pattern = url.searchParams.get('jobName') ?? '*';
    return { attempts: [...store.jobs.values()].filter((job) => matchesPattern(pattern, job.jobName)).flatMap(attemptsOf) };
  },
  'POST /_spotforge/events/drop': ({ faults }, body) => {
    faults.dropEvents(parse('DropEvents', dropEvents, body));
    return {};
  },
  'POST /_spotforge/hosts/reclaim': ({ store, jobs }, body) => {
    const { jobId, jobName, noticeSeconds } = parse('ReclaimHost', reclaimHost, body);
    const job = [...store.jobs.values()].findLast((each) =>
      jobId === undefined ? each.jobName === jobName : each.jobId === jobId,
    );
    if (!job || !jobs.reclaimHost(job, noticeSeconds * 1000))
      throw new ClientException(`Job ${jobId ?? jobName} is on no host now`);
    return { jobId: job.jobId, instanceId: job.current?.instanceId };
  },
};

export function control(routes: ControlRoutes, method: string, url: URL, body: unknown): object {
  const route = ROUTES[`${method} ${url.pathname}`];
  if (!route) throw new ClientException(`${method} ${url.pathname}: there is ${Object.keys(ROUTES).join(', ')}`);
  return route(routes, body, url);
}

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
