import type { EventEntry } from '../events/event-entry.ts';
import type { ContainerProperties, ResourceRequirement, RetryStrategy } from '../wire/container.ts';
import type { JobStatus } from '../wire/jobs.ts';

/** One run of a job's container on one host. Times are epoch milliseconds as the executor saw process start and exit. */
export interface AttemptRecord {
  number: number;
  computeEnvironment: string;
  instanceId: string;
  containerInstanceArn: string;
  taskArn: string;
  logStreamName: string;
  startedAt?: number;
  stoppedAt?: number;
  exitCode?: number;
  reason?: string;
  statusReason?: string;
  pid?: number;
}

/** A job as it lies on disk. `attempts` holds the ended ones, `current` the one that is starting or running. */
export interface JobRecord {
  jobId: string;
  jobArn: string;
  jobName: string;
  jobQueue: string;
  jobDefinition: string;
  status: JobStatus;
  statusReason?: string;
  createdAt: number;
  startedAt?: number;
  stoppedAt?: number;
  sequence: number;
  shareIdentifier?: string;
  schedulingPriority: number;
  dependsOn: { jobId?: string | undefined; type?: string | undefined }[];
  parameters: Record<string, string>;
  retryStrategy: RetryStrategy;
  timeout?: { attemptDurationSeconds?: number | undefined };
  tags: Record<string, string>;
  propagateTags: boolean;
  platformCapabilities: string[];
  isCancelled: boolean;
  isTerminated: boolean;
  container: ContainerProperties;
  attempts: AttemptRecord[];
  current?: AttemptRecord;
  /** Events that the bus has not accepted yet, oldest first. */
  unsentEvents?: { id: string; entry: EventEntry }[] | undefined;
}

export const hasEnded = (job: JobRecord): boolean => job.status === 'SUCCEEDED' || job.status === 'FAILED';
export const isOnHost = (job: JobRecord): boolean => job.status === 'STARTING' || job.status === 'RUNNING';

/** What a container asks of a host; memory in MiB. */
export interface Requirements {
  vcpus: number;
  memory: number;
  gpus: number;
}

export function requirementsOf(container: Pick<ContainerProperties, 'vcpus' | 'memory' | 'resourceRequirements'>): Requirements {
  const listed = (type: ResourceRequirement['type']): number | undefined => {
    const found = container.resourceRequirements?.find((requirement) => requirement.type === type);
    return found === undefined ? undefined : Number(found.value);
  };
  return {
    vcpus: listed('VCPU') ?? container.vcpus ?? 0,
    memory: listed('MEMORY') ?? container.memory ?? 0,
    gpus: listed('GPU') ?? 0,
  };
}
