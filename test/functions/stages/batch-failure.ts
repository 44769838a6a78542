import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JobView, viewOfDetail } from '../../../functions/stages/job-view.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/aws/batch-failures');

export type BatchFailure = { source: string; evidence: 'documented' | 'constructed'; note: string; detail: object };

export const batchFailures = (): string[] => readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

export const batchFailure = (name: string): BatchFailure => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));

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
