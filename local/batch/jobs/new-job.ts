import { jobArn, newJobId, type Place } from '../arns.ts';
import { ClientException } from '../errors.ts';
import type { JobRecord } from '../state/job-record.ts';
import type { JobDefinitionRecord, JobQueueRecord } from '../state/resources.ts';
import type { ContainerOverrides, ContainerProperties, KeyValue, ResourceRequirement } from '../wire/container.ts';
import type { SubmitJob } from '../wire/jobs.ts';

/** The new job of a submission: the definition with the submission's overrides over it. */
export function newJob(
  place: Place,
  request: SubmitJob,
  definition: JobDefinitionRecord,
  queue: JobQueueRecord,
  at: { createdAt: number; sequence: number },
): JobRecord {
  checkShare(request, queue);
  const jobId = newJobId();
  const parameters = { ...definition.parameters, ...request.parameters };
  const timeout = request.timeout ?? definition.timeout;
  return {
    jobId,
    jobArn: jobArn(place, jobId),
    jobName: request.jobName,
    jobQueue: queue.jobQueueArn,
    jobDefinition: definition.jobDefinitionArn,
    status: 'SUBMITTED',
    ...at,
    ...(request.shareIdentifier !== undefined && { shareIdentifier: request.shareIdentifier }),
    schedulingPriority: request.schedulingPriorityOverride ?? definition.schedulingPriority ?? 0,
    dependsOn: request.dependsOn ?? [],
    parameters,
    retryStrategy: request.retryStrategy ?? definition.retryStrategy ?? {},
    ...(timeout && { timeout }),
    tags: request.tags ?? {},
    propagateTags: request.propagateTags ?? definition.propagateTags,
    platformCapabilities: definition.platformCapabilities,
    isCancelled: false,
    isTerminated: false,
    container: overridden(definition.containerProperties, request.containerOverrides ?? {}, parameters),
    attempts: [],
  };
}

function checkShare({ shareIdentifier }: SubmitJob, queue: JobQueueRecord): void {
  if (queue.schedulingPolicyArn && shareIdentifier === undefined) {
    throw new ClientException('shareIdentifier must be specified as the job queue has a scheduling policy');
  }
  if (!queue.schedulingPolicyArn && shareIdentifier !== undefined) {
    throw new ClientException('shareIdentifier cannot be specified as the job queue has no scheduling policy');
  }
}

function overridden(
  container: ContainerProperties,
  overrides: ContainerOverrides,
  parameters: Record<string, string>,
): ContainerProperties {
  const { environment = [], resourceRequirements = [], command, ...plain } = overrides;
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  return {
    ...container,
    ...given,
    command: (command ?? container.command ?? []).map((word) => substituted(word, parameters)),
    environment: mergedBy<KeyValue>(({ name }) => name, container.environment ?? [], environment),
    resourceRequirements: mergedBy<ResourceRequirement>(
      ({ type }) => type,
      container.resourceRequirements ?? [],
      resourceRequirements,
    ),
  };
}

/** `Ref::name` becomes the parameter's value; one without a value stays as it is, as on AWS. */
function substituted(word: string, parameters: Record<string, string>): string {
  return word.replace(/Ref::([A-Za-z0-9_-]+)/g, (reference, name: string) => parameters[name] ?? reference);
}

/** Both lists as one; of entries with the same key the later wins, at the earlier one's place. */
function mergedBy<T>(key: (entry: T) => string | undefined, base: readonly T[], over: readonly T[]): T[] {
  const merged = new Map([...base, ...over].map((entry) => [key(entry), entry]));
  return [...merged.values()];
}
