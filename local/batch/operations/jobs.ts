import { ClientException } from '../errors.ts';
import { jobDetail, jobSummary } from '../jobs/job-view.ts';
import { newJob } from '../jobs/new-job.ts';
import type { JobRecord } from '../state/job-record.ts';
import * as wire from '../wire/jobs.ts';
import { parse } from '../wire/parse.ts';
import { findJobDefinition } from './job-definitions.ts';
import { filtered } from './job-filters.ts';
import { mustFind, page } from './lookup.ts';
import type { Operation, Services } from './operation.ts';

/** SubmitJob's payload limit. */
const MOST_SUBMIT_BYTES = 30 * 1024;

function submit(services: Services, body: unknown) {
  const request = parse('SubmitJob', wire.submitJob, body);
  if (Buffer.byteLength(JSON.stringify(body)) > MOST_SUBMIT_BYTES)
    throw new ClientException('The size of the job submission exceeds 30 KiB');
  const { resources, jobs } = services.store;
  const queue = mustFind(resources, 'jobQueues', request.jobQueue, 'JobQueue');
  if (queue.state !== 'ENABLED') throw new ClientException(`JobQueue ${queue.jobQueueArn} is DISABLED and accepts no jobs`);
  const definition = findJobDefinition(resources, request.jobDefinition);
  if (definition?.status !== 'ACTIVE')
    throw new ClientException(`JobDefinition ${request.jobDefinition} does not exist or is not ACTIVE`);
  for (const { jobId } of request.dependsOn ?? []) {
    if (jobId !== undefined && !jobs.has(jobId)) throw new ClientException(`Job ${jobId} in dependsOn does not exist`);
  }
  const job = newJob(services.place, request, definition, queue, {
    createdAt: Date.now(),
    sequence: services.store.nextSequence(),
  });
  services.jobs.submit(job);
  return { jobArn: job.jobArn, jobName: job.jobName, jobId: job.jobId };
}

function describe(services: Services, body: unknown) {
  const { jobs } = parse('DescribeJobs', wire.describeJobs, body);
  return { jobs: jobs.flatMap((id) => services.store.jobs.get(lastOf(id)) ?? []).map(jobDetail) };
}

/** DescribeJobs takes ids; ARNs work too. */
const lastOf = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

function list(services: Services, body: unknown) {
  const request = parse('ListJobs', wire.listJobs, body);
  if (request.jobQueue === undefined) throw new ClientException('jobQueue must be specified');
  const queue = mustFind(services.store.resources, 'jobQueues', request.jobQueue, 'JobQueue');
  const inQueue = [...services.store.jobs.values()].filter((job) => job.jobQueue === queue.jobQueueArn);
  const { items, nextToken } = page(filtered(inQueue, request), request, request.filters?.length ? 100 : 1000);
  return { jobSummaryList: items.map(jobSummary), nextToken };
}

function mustFindJob(services: Services, jobId: string): JobRecord {
  const job = services.store.jobs.get(lastOf(jobId));
  if (!job) throw new ClientException(`Job ${jobId} does not exist`);
  return job;
}

function terminate(services: Services, body: unknown) {
  const { jobId, reason } = parse('TerminateJob', wire.endJob, body);
  services.jobs.terminate(mustFindJob(services, jobId), reason);
  return {};
}

function cancel(services: Services, body: unknown) {
  const { jobId, reason } = parse('CancelJob', wire.endJob, body);
  services.jobs.cancel(mustFindJob(services, jobId), reason);
  return {};
}

export const jobOperations: Record<string, Operation> = {
  submitjob: submit,
  describejobs: describe,
  listjobs: list,
  terminatejob: terminate,
  canceljob: cancel,
};
