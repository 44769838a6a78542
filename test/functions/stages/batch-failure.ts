import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionEventDetail } from '../../../functions/stages/execution-view.ts';
import { type JobView, viewOfDetail } from '../../../functions/stages/job-view.ts';

const AWS = join(import.meta.dirname, '../../fixtures/aws');

/** `documented`: AWS's own pages have the text. `reported`: users saw it. `constructed`: ours, or put together from both. */
type Sourced = { source: string; provenance: 'documented' | 'reported' | 'constructed'; note: string };
export type BatchFailure = Sourced & { detail: object };
export type ExecutionEventFixture = Sourced & { event: { detail: ExecutionEventDetail } };

const names = (folder: string): string[] => readdirSync(join(AWS, folder)).map((file) => file.replace(/\.json$/, ''));
const read = (folder: string, name: string): unknown => JSON.parse(readFileSync(join(AWS, folder, `${name}.json`), 'utf8'));

export const batchFailures = (): string[] => names('batch-failures');
export const batchFailure = (name: string): BatchFailure => read('batch-failures', name) as BatchFailure;

export const executionEvents = (): string[] => names('execution-events');
export const executionEvent = (name: string): ExecutionEventFixture => read('execution-events', name) as ExecutionEventFixture;

/** The fixture as a whole job of ours. */
export const jobThatEnded = (name: string): JobView => {
  const job = viewOfDetail({
    jobName: 'exp_01arz3ndektsv4rrffq69g5fav-r1-train-1',
    jobId: 'job-1',
    jobQueue: 'arn:aws:batch:us-east-1:000000000000:job-queue/gpu-spot',
    ...batchFailure(name).detail,
  });
  if (!job) throw new Error(`${name} is not a job of ours`);
  return job;
};
