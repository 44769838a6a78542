import type { ContainerDetail, JobDetail, JobSummary } from '@aws-sdk/client-batch';
import { type AttemptRecord, type JobRecord, requirementsOf } from '../state/job-record.ts';

/** Drops members without a value, as AWS leaves them out of its JSON. */
function present<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** A job as DescribeJobs and the state change event show it. */
export function jobDetail(job: JobRecord) {
  return present({
    jobArn: job.jobArn,
    jobName: job.jobName,
    jobId: job.jobId,
    jobQueue: job.jobQueue,
    status: job.status,
    shareIdentifier: job.shareIdentifier,
    schedulingPriority: job.shareIdentifier === undefined ? undefined : job.schedulingPriority,
    attempts: job.attempts.map(attemptDetail),
    statusReason: job.statusReason,
    createdAt: job.createdAt,
    retryStrategy: { attempts: job.retryStrategy.attempts ?? 1, evaluateOnExit: job.retryStrategy.evaluateOnExit ?? [] },
    startedAt: job.startedAt,
    stoppedAt: job.stoppedAt,
    dependsOn: job.dependsOn,
    jobDefinition: job.jobDefinition,
    parameters: job.parameters,
    container: containerDetail(job),
    timeout: job.timeout,
    tags: job.tags,
    propagateTags: job.propagateTags,
    platformCapabilities: job.platformCapabilities,
    eksAttempts: [],
    isCancelled: job.isCancelled,
    isTerminated: job.isTerminated,
  }) satisfies Partial<Record<keyof JobDetail, unknown>>;
}

function attemptDetail(attempt: AttemptRecord) {
  return present({
    container: present({
      containerInstanceArn: attempt.containerInstanceArn,
      taskArn: attempt.taskArn,
      exitCode: attempt.exitCode,
      reason: attempt.reason,
      logStreamName: attempt.logStreamName,
      networkInterfaces: [],
    }),
    startedAt: attempt.startedAt,
    stoppedAt: attempt.stoppedAt,
    statusReason: attempt.statusReason,
  });
}

/** The container as it was asked for, with where the latest attempt of it ran and how that ended. */
function containerDetail(job: JobRecord) {
  const latest = job.current ?? job.attempts.at(-1);
  return present({
    ...job.container,
    command: job.container.command ?? [],
    volumes: job.container.volumes ?? [],
    environment: job.container.environment ?? [],
    mountPoints: job.container.mountPoints ?? [],
    ulimits: job.container.ulimits ?? [],
    resourceRequirements: job.container.resourceRequirements ?? [],
    secrets: job.container.secrets ?? [],
    networkInterfaces: [],
    exitCode: latest?.exitCode,
    reason: latest?.reason,
    containerInstanceArn: latest?.containerInstanceArn,
    taskArn: latest?.taskArn,
    logStreamName: latest?.logStreamName,
  } satisfies Partial<Record<keyof ContainerDetail, unknown>> & Record<string, unknown>);
}

/** AWS's form of an amount of vCPUs. */
export const vcpuUsage = (quantity: number) => [{ capacityUnit: 'VCPU', quantity }];

/** A job as ListJobs shows it. */
export function jobSummary(job: JobRecord) {
  const latest = job.current ?? job.attempts.at(-1);
  const ended = latest?.exitCode !== undefined || latest?.reason !== undefined;
  return present({
    jobArn: job.jobArn,
    jobId: job.jobId,
    jobName: job.jobName,
    capacityUsage: vcpuUsage(requirementsOf(job.container).vcpus),
    createdAt: job.createdAt,
    status: job.status,
    statusReason: job.statusReason,
    startedAt: job.startedAt,
    stoppedAt: job.stoppedAt,
    shareIdentifier: job.shareIdentifier,
    container: ended ? present({ exitCode: latest.exitCode, reason: latest.reason }) : undefined,
    jobDefinition: job.jobDefinition,
    isCancelled: job.isCancelled,
    isTerminated: job.isTerminated,
  }) satisfies Partial<Record<keyof JobSummary, unknown>>;
}
