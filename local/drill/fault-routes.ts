import * as z from 'zod';
import type { TierRecord } from '../tier/tier-record.ts';

/** Bodies of the local Batch's fault routes, `POST {executorEndpoint}/_spotforge/{route}`; docs/drills.md has an example of each. */
export type BatchFaults = {
  'events/drop': { jobNamePattern: string; statuses?: string[]; count?: number };
  'events/double': { jobNamePattern: string; statuses?: string[]; count?: number };
  'events/delay': { jobNamePattern: string; statuses?: string[]; count?: number; seconds: number };
  'events/reorder': { jobNamePattern: string; count?: number };
  'hosts/reclaim': { jobName: string; noticeSeconds: number };
  'queues/capacity': { queue: string; available: boolean };
  'jobs/kill': { jobName: string; process: 'container' | 'child' };
  'jobs/out-of-memory': { jobName: string };
  'jobs/cannot-start': { jobNamePattern: string; count?: number; reason?: string };
  'jobs/overlay': { jobNamePattern: string; count?: number; pythonPath: string; environment?: Record<string, string> };
  'jobs/time-out': { jobNamePattern: string; count?: number; seconds: number };
  clock: { timeScale: number };
};

/** Bodies of the local AWS's fault routes, `POST {endpoint}/_spotforge/{route}`. */
export type AwsFaults = {
  'services/refuse': { service: string; operations?: string[]; seconds?: number; count?: number; status?: number; code?: string };
  'functions/fail': { functionNamePattern: string; count?: number; how: 'throttle' | 'throw' };
  'events/drop': { source?: string; detailType?: string; count?: number; seconds?: number };
  'events/double': { source?: string; detailType?: string; count?: number };
};

/** Where the two services listen; the routes ask for no credentials. */
type Endpoints = Pick<TierRecord, 'endpoint' | 'executorEndpoint'>;

const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, body?: unknown): Promise<unknown> => {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} was refused: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
};

export const plantInBatch = async <Route extends keyof BatchFaults>(
  { executorEndpoint }: Pick<Endpoints, 'executorEndpoint'>,
  route: Route,
  body: BatchFaults[Route],
): Promise<void> => void (await call('POST', `${executorEndpoint}/_spotforge/${route}`, body));

export const plantInAws = async <Route extends keyof AwsFaults>(
  { endpoint }: Pick<Endpoints, 'endpoint'>,
  route: Route,
  body: AwsFaults[Route],
): Promise<void> => void (await call('POST', `${endpoint}/_spotforge/${route}`, body));

/** All is well again: rules that were not used up, capacity and clock included. */
export const forgetFaults = async ({ endpoint, executorEndpoint }: Endpoints): Promise<void> => {
  await Promise.all([executorEndpoint, endpoint].map((each) => call('DELETE', `${each}/_spotforge/faults`)));
};

const executorAttempts = z.object({
  attempts: z.array(z.object({ jobName: z.string(), startedAt: z.number().optional(), stoppedAt: z.number().optional() })),
});

/** True while a process of this job runs. */
export const isRunning = async ({ executorEndpoint }: Pick<Endpoints, 'executorEndpoint'>, jobName: string): Promise<boolean> => {
  const url = `${executorEndpoint}/_spotforge/attempts?jobName=${encodeURIComponent(jobName)}`;
  const { attempts } = executorAttempts.parse(await call('GET', url));
  return attempts.some(({ startedAt, stoppedAt }) => startedAt !== undefined && stoppedAt === undefined);
};
