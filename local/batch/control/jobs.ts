import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { hasProc } from '../attempts/process-tree.ts';
import { ClientException } from '../errors.ts';
import { parse } from '../wire/parse.ts';
import type { Route } from './route.ts';
import { ruleMembers } from './rule-members.ts';
import { NAMES_ONE_JOB, namesOneJob, runningTarget, targetMembers } from './target-job.ts';

const kill = z
  .strictObject({ ...targetMembers, process: z.enum(['container', 'child']).default('container') })
  .refine(namesOneJob, NAMES_ONE_JOB);
const outOfMemory = z.strictObject(targetMembers).refine(namesOneJob, NAMES_ONE_JOB);
const cannotStart = z.strictObject({ ...ruleMembers, reason: z.string().min(1).optional() });
const timeOut = z.strictObject({ ...ruleMembers, seconds: z.number().positive() });

const isFolder = (path: string): boolean =>
  isAbsolute(path) && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
const overlay = z.strictObject({
  ...ruleMembers,
  pythonPath: z.string().refine(isFolder, 'the absolute path of an existing folder is expected'),
  environment: z
    .record(z.string(), z.string())
    .refine(
      (variables) => Object.keys(variables).every((name) => !name.startsWith('AWS_BATCH')),
      'names that start with AWS_BATCH are reserved',
    )
    .default({}),
});

export const jobRoutes: Record<string, Route> = {
  'POST /_spotforge/jobs/kill': (routes, body) => {
    const { process, ...target } = parse('jobs/kill', kill, body);
    if (process === 'child' && !hasProc) throw new ClientException('Child processes are found by /proc, which this system lacks');
    const { job, attempt } = runningTarget(routes, target);
    const killed = process === 'container' ? attempt.killContainer() : attempt.killChildren();
    if (!killed) throw new ClientException(`Job ${job.jobId} has no ${process} process now: one that runs is expected`);
    return { jobId: job.jobId };
  },
  'POST /_spotforge/jobs/out-of-memory': (routes, body) => {
    const { job, attempt } = runningTarget(routes, parse('jobs/out-of-memory', outOfMemory, body));
    if (!attempt.runOutOfMemory())
      throw new ClientException(`Job ${job.jobId} has no process now, or is being stopped: one that runs is expected`);
    return { jobId: job.jobId };
  },
  'POST /_spotforge/jobs/cannot-start': ({ faults }, body) => {
    faults.plant('jobs/cannot-start', parse('jobs/cannot-start', cannotStart, body));
    return {};
  },
  'POST /_spotforge/jobs/overlay': ({ faults }, body) => {
    faults.plant('jobs/overlay', parse('jobs/overlay', overlay, body));
    return {};
  },
  'POST /_spotforge/jobs/time-out': ({ faults }, body) => {
    faults.plant('jobs/time-out', parse('jobs/time-out', timeOut, body));
    return {};
  },
};
