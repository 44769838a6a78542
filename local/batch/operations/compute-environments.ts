import { randomUUID } from 'node:crypto';
import { clusterArn, computeEnvironmentArn } from '../arns.ts';
import { ClientException } from '../errors.ts';
import * as wire from '../wire/compute.ts';
import { parse } from '../wire/parse.ts';
import { mustFind, page, select } from './lookup.ts';
import type { Operation, Services } from './operation.ts';

const KIND = 'Compute environment';

function create(services: Services, body: unknown) {
  const request = parse('CreateComputeEnvironment', wire.createComputeEnvironment, body);
  const { computeEnvironmentName: name, type, state = 'ENABLED', computeResources, serviceRole, tags = {} } = request;
  const computeEnvironmentArnOf = computeEnvironmentArn(services.place, name);
  if (services.store.resources.computeEnvironments[computeEnvironmentArnOf]) throw new ClientException('Object already exists');
  if (type === 'MANAGED' && !computeResources)
    throw new ClientException('computeResources must be provided for a MANAGED compute environment');
  const uuid = randomUUID();
  services.store.resources.computeEnvironments[computeEnvironmentArnOf] = {
    computeEnvironmentName: name,
    computeEnvironmentArn: computeEnvironmentArnOf,
    ecsClusterArn: clusterArn(services.place, `AWSBatch-${name}-${uuid}`),
    uuid,
    type,
    state,
    serviceRole,
    computeResources,
    tags,
  };
  services.resourcesChanged();
  return { computeEnvironmentName: name, computeEnvironmentArn: computeEnvironmentArnOf };
}

function update(services: Services, body: unknown) {
  const request = parse('UpdateComputeEnvironment', wire.updateComputeEnvironment, body);
  const record = mustFind(services.store.resources, 'computeEnvironments', request.computeEnvironment, KIND);
  record.state = request.state ?? record.state;
  record.serviceRole = request.serviceRole ?? record.serviceRole;
  if (record.computeResources && request.computeResources) {
    const changes = Object.fromEntries(Object.entries(request.computeResources).filter(([, value]) => value !== undefined));
    record.computeResources = { ...record.computeResources, ...changes };
  }
  services.resourcesChanged();
  return { computeEnvironmentName: record.computeEnvironmentName, computeEnvironmentArn: record.computeEnvironmentArn };
}

function remove(services: Services, body: unknown) {
  const request = parse('DeleteComputeEnvironment', wire.deleteComputeEnvironment, body);
  const { computeEnvironments, jobQueues } = services.store.resources;
  const record = mustFind(services.store.resources, 'computeEnvironments', request.computeEnvironment, KIND);
  if (record.state !== 'DISABLED') throw new ClientException('Cannot delete, compute environment must be disabled first');
  const used = Object.values(jobQueues).some((queue) =>
    queue.computeEnvironmentOrder.some(({ computeEnvironment }) => computeEnvironment === record.computeEnvironmentArn),
  );
  if (used) throw new ClientException('Cannot delete, found existing JobQueue relationship');
  delete computeEnvironments[record.computeEnvironmentArn];
  services.resourcesChanged();
  return {};
}

function describe(services: Services, body: unknown) {
  const request = parse('DescribeComputeEnvironments', wire.describeComputeEnvironments, body);
  const { items, nextToken } = page(
    select(services.store.resources, 'computeEnvironments', request.computeEnvironments),
    request,
    100,
  );
  return {
    computeEnvironments: items.map((record) => ({
      ...record,
      computeResources: record.computeResources && {
        ...record.computeResources,
        desiredvCpus: Math.max(record.computeResources.minvCpus ?? 0, services.hosts.vcpusOf(record)),
      },
      status: 'VALID',
      statusReason: 'ComputeEnvironment Healthy',
      containerOrchestrationType: 'ECS',
    })),
    nextToken,
  };
}

export const computeEnvironmentOperations: Record<string, Operation> = {
  createcomputeenvironment: create,
  updatecomputeenvironment: update,
  deletecomputeenvironment: remove,
  describecomputeenvironments: describe,
};
