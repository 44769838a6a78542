import { jobQueueArn } from '../arns.ts';
import { ClientException } from '../errors.ts';
import * as wire from '../wire/compute.ts';
import { parse } from '../wire/parse.ts';
import { mustFind, page, select } from './lookup.ts';
import type { Operation, Services } from './operation.ts';
import { queueSnapshot } from './queue-snapshot.ts';

type Order = { order: number; computeEnvironment: string }[];

/** The order with full ARNs, lowest first; every environment must exist. */
function resolved(services: Services, order: Order): Order {
  return order
    .map(({ order: position, computeEnvironment }) => ({
      order: position,
      computeEnvironment: mustFind(services.store.resources, 'computeEnvironments', computeEnvironment, 'Compute environment')
        .computeEnvironmentArn,
    }))
    .sort((a, b) => a.order - b.order);
}

function create(services: Services, body: unknown) {
  const request = parse('CreateJobQueue', wire.createJobQueue, body);
  const arn = jobQueueArn(services.place, request.jobQueueName);
  if (services.store.resources.jobQueues[arn]) throw new ClientException('Object already exists');
  if (request.schedulingPolicyArn)
    mustFind(services.store.resources, 'schedulingPolicies', request.schedulingPolicyArn, 'Scheduling policy');
  services.store.resources.jobQueues[arn] = {
    jobQueueName: request.jobQueueName,
    jobQueueArn: arn,
    state: request.state ?? 'ENABLED',
    priority: request.priority,
    schedulingPolicyArn: request.schedulingPolicyArn,
    computeEnvironmentOrder: resolved(services, request.computeEnvironmentOrder),
    jobStateTimeLimitActions: request.jobStateTimeLimitActions ?? [],
    tags: request.tags ?? {},
  };
  services.resourcesChanged();
  return { jobQueueName: request.jobQueueName, jobQueueArn: arn };
}

function update(services: Services, body: unknown) {
  const request = parse('UpdateJobQueue', wire.updateJobQueue, body);
  const record = mustFind(services.store.resources, 'jobQueues', request.jobQueue, 'Job queue');
  if (request.schedulingPolicyArn && request.schedulingPolicyArn !== record.schedulingPolicyArn) {
    if (!record.schedulingPolicyArn) {
      throw new ClientException('A scheduling policy cannot be added to a job queue that was created without one');
    }
    mustFind(services.store.resources, 'schedulingPolicies', request.schedulingPolicyArn, 'Scheduling policy');
    record.schedulingPolicyArn = request.schedulingPolicyArn;
  }
  record.state = request.state ?? record.state;
  record.priority = request.priority ?? record.priority;
  record.jobStateTimeLimitActions = request.jobStateTimeLimitActions ?? record.jobStateTimeLimitActions;
  if (request.computeEnvironmentOrder) record.computeEnvironmentOrder = resolved(services, request.computeEnvironmentOrder);
  services.resourcesChanged();
  return { jobQueueName: record.jobQueueName, jobQueueArn: record.jobQueueArn };
}

function remove(services: Services, body: unknown) {
  const request = parse('DeleteJobQueue', wire.deleteJobQueue, body);
  const record = mustFind(services.store.resources, 'jobQueues', request.jobQueue, 'Job queue');
  if (record.state !== 'DISABLED') throw new ClientException('Cannot delete, job queue must be disabled first');
  services.jobs.endAllOf(record.jobQueueArn, 'Job queue was deleted');
  delete services.store.resources.jobQueues[record.jobQueueArn];
  services.resourcesChanged();
  return {};
}

function describe(services: Services, body: unknown) {
  const request = parse('DescribeJobQueues', wire.describeJobQueues, body);
  const { items, nextToken } = page(select(services.store.resources, 'jobQueues', request.jobQueues), request, 100);
  return { jobQueues: items.map((record) => ({ ...record, status: 'VALID', statusReason: 'JobQueue Healthy' })), nextToken };
}

function snapshot(services: Services, body: unknown) {
  const { jobQueue } = parse('GetJobQueueSnapshot', wire.getJobQueueSnapshot, body);
  return queueSnapshot(services, mustFind(services.store.resources, 'jobQueues', jobQueue, 'Job queue'));
}

export const jobQueueOperations: Record<string, Operation> = {
  createjobqueue: create,
  updatejobqueue: update,
  deletejobqueue: remove,
  describejobqueues: describe,
  getjobqueuesnapshot: snapshot,
};
