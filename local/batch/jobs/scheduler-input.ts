import { lastSegment } from '../arns.ts';
import type { SchedulerInput } from '../scheduling/scheduler.ts';
import { isOnHost, type JobRecord, requirementsOf } from '../state/job-record.ts';
import type { Store } from '../state/store.ts';

/** What the laptop itself can take. */
export interface MachineLimits {
  maxConcurrentJobs: number;
  vcpuCap?: number | undefined;
}

/** A FIFO queue has no shares: all its jobs are of this one. */
const NO_SHARE = '';

/** The stored state as the scheduler's plain values. Queues and environments go by ARN. */
export function schedulerInput(
  store: Store,
  limits: MachineLimits,
  processes: number,
  lacksCapacity: (queueArn: string) => boolean,
): SchedulerInput {
  const { resources } = store;
  const dry = environmentsOf(store, lacksCapacity);
  const jobs = [...store.jobs.values()];
  const environmentArn = (name: string): string =>
    Object.keys(resources.computeEnvironments).find((arn) => lastSegment(arn) === name) ?? name;
  return {
    now: Date.now(),
    environments: Object.values(resources.computeEnvironments).map((record) => ({
      name: record.computeEnvironmentArn,
      enabled: record.state === 'ENABLED',
      maxVcpus: record.computeResources?.maxvCpus ?? 0,
      instanceTypes: record.computeResources?.instanceTypes ?? [],
      hasCapacity: !dry.has(record.computeEnvironmentArn),
    })),
    queues: Object.values(resources.jobQueues).map((record) => ({
      name: record.jobQueueArn,
      priority: record.priority,
      environments: record.computeEnvironmentOrder.map(({ computeEnvironment }) => computeEnvironment),
      fairShare: record.schedulingPolicyArn
        ? resources.schedulingPolicies[record.schedulingPolicyArn]?.fairsharePolicy
        : undefined,
    })),
    waiting: jobs
      .filter(({ status }) => status === 'RUNNABLE')
      .map((job) => ({
        id: job.jobId,
        queue: job.jobQueue,
        sequence: job.sequence,
        needs: requirementsOf(job.container),
        share: job.shareIdentifier ?? NO_SHARE,
        priority: job.schedulingPriority,
      })),
    running: jobs.filter(isOnHost).map((job) => ({
      environment: environmentArn(job.current?.computeEnvironment ?? ''),
      startedAt: job.startedAt ?? job.createdAt,
      ...usageOf(job),
    })),
    history: jobs.flatMap((job) =>
      job.attempts.flatMap(({ startedAt, stoppedAt }) =>
        startedAt === undefined ? [] : [{ ...usageOf(job), startedAt, stoppedAt: stoppedAt ?? startedAt }],
      ),
    ),
    freeSlots: limits.maxConcurrentJobs - processes,
    vcpuCap: limits.vcpuCap,
  };
}

/** ARNs of the environments behind the queues that fulfil a condition. */
export function environmentsOf({ resources }: Store, condition: (queueArn: string) => boolean): Set<string> {
  const queues = Object.values(resources.jobQueues).filter(({ jobQueueArn }) => condition(jobQueueArn));
  return new Set(queues.flatMap((queue) => queue.computeEnvironmentOrder.map(({ computeEnvironment }) => computeEnvironment)));
}

function usageOf(job: JobRecord) {
  return { queue: job.jobQueue, share: job.shareIdentifier ?? NO_SHARE, vcpus: requirementsOf(job.container).vcpus };
}
