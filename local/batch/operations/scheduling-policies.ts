import { schedulingPolicyArn } from '../arns.ts';
import { ClientException } from '../errors.ts';
import * as wire from '../wire/compute.ts';
import { parse } from '../wire/parse.ts';
import { mustFind, page, select } from './lookup.ts';
import type { Operation, Services } from './operation.ts';

const KIND = 'Scheduling policy';

function create(services: Services, body: unknown) {
  const { name, fairsharePolicy = {}, tags = {} } = parse('CreateSchedulingPolicy', wire.createSchedulingPolicy, body);
  const arn = schedulingPolicyArn(services.place, name);
  if (services.store.resources.schedulingPolicies[arn]) throw new ClientException('Object already exists');
  services.store.resources.schedulingPolicies[arn] = { name, arn, fairsharePolicy, tags };
  services.resourcesChanged();
  return { name, arn };
}

function update(services: Services, body: unknown) {
  const { arn, fairsharePolicy } = parse('UpdateSchedulingPolicy', wire.updateSchedulingPolicy, body);
  const record = mustFind(services.store.resources, 'schedulingPolicies', arn, KIND);
  record.fairsharePolicy = fairsharePolicy ?? record.fairsharePolicy;
  services.resourcesChanged();
  return {};
}

function remove(services: Services, body: unknown) {
  const { arn } = parse('DeleteSchedulingPolicy', wire.deleteSchedulingPolicy, body);
  mustFind(services.store.resources, 'schedulingPolicies', arn, KIND);
  if (Object.values(services.store.resources.jobQueues).some((queue) => queue.schedulingPolicyArn === arn)) {
    throw new ClientException('Cannot delete, scheduling policy is in use by a job queue');
  }
  delete services.store.resources.schedulingPolicies[arn];
  services.resourcesChanged();
  return {};
}

function describe(services: Services, body: unknown) {
  const { arns } = parse('DescribeSchedulingPolicies', wire.describeSchedulingPolicies, body);
  return { schedulingPolicies: arns.length === 0 ? [] : select(services.store.resources, 'schedulingPolicies', arns) };
}

function list(services: Services, body: unknown) {
  const request = parse('ListSchedulingPolicies', wire.listSchedulingPolicies, body);
  const { items, nextToken } = page(select(services.store.resources, 'schedulingPolicies', undefined), request, 100);
  return { schedulingPolicies: items.map(({ arn }) => ({ arn })), nextToken };
}

export const schedulingPolicyOperations: Record<string, Operation> = {
  createschedulingpolicy: create,
  updateschedulingpolicy: update,
  deleteschedulingpolicy: remove,
  describeschedulingpolicies: describe,
  listschedulingpolicies: list,
};
