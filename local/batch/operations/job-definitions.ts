import { jobDefinitionArn, lastSegment } from '../arns.ts';
import { ClientException } from '../errors.ts';
import { requirementsOf } from '../state/job-record.ts';
import type { JobDefinitionRecord, Resources } from '../state/resources.ts';
import * as wire from '../wire/jobs.ts';
import { parse } from '../wire/parse.ts';
import { page } from './lookup.ts';
import type { Operation, Services } from './operation.ts';

const all = (resources: Resources): JobDefinitionRecord[] => Object.values(resources.jobDefinitions);

/** By `name` (the newest active revision), `name:revision`, or either as an ARN. */
export function findJobDefinition(resources: Resources, reference: string): JobDefinitionRecord | undefined {
  if (resources.jobDefinitions[reference]) return resources.jobDefinitions[reference];
  const [name, revision] = lastSegment(reference).split(':');
  const revisions = all(resources).filter(
    (record) =>
      record.jobDefinitionName === name && (!reference.startsWith('arn:') || sameButRevision(record.jobDefinitionArn, reference)),
  );
  if (revision !== undefined) return revisions.find((record) => record.revision === Number(revision));
  return revisions.filter(({ status }) => status === 'ACTIVE').sort((a, b) => b.revision - a.revision)[0];
}

const sameButRevision = (arn: string, reference: string): boolean =>
  arn.slice(0, arn.lastIndexOf('/')) === reference.slice(0, reference.lastIndexOf('/'));

function register(services: Services, body: unknown) {
  const request = parse('RegisterJobDefinition', wire.registerJobDefinition, body);
  const { jobDefinitionName, type, containerProperties, retryStrategy, timeout, schedulingPriority } = request;
  const needs = requirementsOf(containerProperties);
  if (!(needs.vcpus > 0))
    throw new ClientException('Container properties should contain a positive number of VCPU in resourceRequirements');
  if (!(needs.memory >= 4))
    throw new ClientException('Container properties should contain a MEMORY of at least 4 MiB in resourceRequirements');
  const { resources } = services.store;
  const revision =
    1 +
    Math.max(
      0,
      ...all(resources)
        .filter((each) => each.jobDefinitionName === jobDefinitionName)
        .map((each) => each.revision),
    );
  const arn = jobDefinitionArn(services.place, jobDefinitionName, revision);
  resources.jobDefinitions[arn] = {
    jobDefinitionName,
    jobDefinitionArn: arn,
    revision,
    status: 'ACTIVE',
    type,
    containerProperties,
    parameters: request.parameters ?? {},
    retryStrategy,
    timeout,
    propagateTags: request.propagateTags ?? false,
    schedulingPriority,
    platformCapabilities: request.platformCapabilities ?? ['EC2'],
    tags: request.tags ?? {},
  };
  services.resourcesChanged();
  return { jobDefinitionName, jobDefinitionArn: arn, revision };
}

function deregister(services: Services, body: unknown) {
  const { jobDefinition } = parse('DeregisterJobDefinition', wire.deregisterJobDefinition, body);
  const record = lastSegment(jobDefinition).includes(':')
    ? findJobDefinition(services.store.resources, jobDefinition)
    : undefined;
  if (!record)
    throw new ClientException(
      `JobDefinition ${jobDefinition} is invalid: a name with revision or an ARN of an existing one is expected`,
    );
  record.status = 'INACTIVE';
  services.resourcesChanged();
  return {};
}

function describe(services: Services, body: unknown) {
  const request = parse('DescribeJobDefinitions', wire.describeJobDefinitions, body);
  const wanted = request.jobDefinitions;
  const chosen = wanted?.length
    ? wanted.flatMap((reference) => findJobDefinition(services.store.resources, reference) ?? [])
    : all(services.store.resources).filter(
        (record) => !request.jobDefinitionName || record.jobDefinitionName === request.jobDefinitionName,
      );
  const ofStatus = chosen.filter((record) => !request.status || record.status === request.status);
  const newestFirst = wanted?.length ? ofStatus : ofStatus.toSorted((a, b) => b.revision - a.revision);
  const { items, nextToken } = page(newestFirst, request, 100);
  return { jobDefinitions: items.map((record) => ({ ...record, containerOrchestrationType: 'ECS' })), nextToken };
}

export const jobDefinitionOperations: Record<string, Operation> = {
  registerjobdefinition: register,
  deregisterjobdefinition: deregister,
  describejobdefinitions: describe,
};
