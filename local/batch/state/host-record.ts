import type { Requirements } from './job-record.ts';

/** An EC2 instance of a compute environment. It runs one job at a time; times are epoch milliseconds. */
export interface HostRecord {
  instanceId: string;
  containerInstanceArn: string;
  computeEnvironment: string;
  /** What it offers: what the job asked for that it was launched for. */
  size: Requirements;
  launchedAt: number;
  leftAt?: number;
  /** All that ever ran on it, oldest first; the last one runs while it has no `until`. */
  jobs: { jobId: string; jobName: string; attempt: number; from: number; until?: number }[];
}

export const isIdle = (host: HostRecord): boolean => host.leftAt === undefined && host.jobs.at(-1)?.until !== undefined;
