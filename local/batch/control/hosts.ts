import { z } from 'zod';
import type { HostRecord } from '../state/host-record.ts';
import { parse } from '../wire/parse.ts';
import type { Route } from './route.ts';
import { NAMES_ONE_JOB, namesOneJob, runningTarget, targetMembers } from './target-job.ts';

const reclaim = z
  .strictObject({ ...targetMembers, noticeSeconds: z.number().min(0).default(120) })
  .refine(namesOneJob, NAMES_ONE_JOB);

export const hostRoutes: Record<string, Route> = {
  'POST /_spotforge/hosts/reclaim': (routes, body) => {
    const { noticeSeconds, ...target } = parse('hosts/reclaim', reclaim, body);
    const { job, attempt } = runningTarget(routes, target);
    const instanceId = job.current?.instanceId;
    attempt.reclaimHost(noticeSeconds * 1000);
    return { jobId: job.jobId, instanceId };
  },
  'GET /_spotforge/instances': ({ store }) => ({ instances: store.hosts.map(instanceOf) }),
};

/** Times in epoch milliseconds; `leftAt` is absent while the instance is there. */
function instanceOf({ size: _, ...host }: HostRecord): object {
  return host;
}
