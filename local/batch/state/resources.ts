import type { FairsharePolicy } from '../wire/compute.ts';
import type { ContainerProperties, RetryStrategy } from '../wire/container.ts';

export interface ComputeEnvironmentRecord {
  computeEnvironmentName: string;
  computeEnvironmentArn: string;
  ecsClusterArn: string;
  uuid: string;
  type: string;
  state: 'ENABLED' | 'DISABLED';
  serviceRole?: string | undefined;
  computeResources?:
    | {
        type: string;
        maxvCpus: number;
        minvCpus?: number | undefined;
        instanceTypes?: string[] | undefined;
        scalingPolicy?: { minScaleDownDelayMinutes?: number | undefined } | undefined;
        [member: string]: unknown;
      }
    | undefined;
  tags: Record<string, string>;
}

export interface JobQueueRecord {
  jobQueueName: string;
  jobQueueArn: string;
  state: 'ENABLED' | 'DISABLED';
  priority: number;
  schedulingPolicyArn?: string | undefined;
  computeEnvironmentOrder: { order: number; computeEnvironment: string }[];
  jobStateTimeLimitActions: { reason: string; state: string; maxTimeSeconds: number; action: string }[];
  tags: Record<string, string>;
}

interface SchedulingPolicyRecord {
  name: string;
  arn: string;
  fairsharePolicy: FairsharePolicy;
  tags: Record<string, string>;
}

export interface JobDefinitionRecord {
  jobDefinitionName: string;
  jobDefinitionArn: string;
  revision: number;
  status: 'ACTIVE' | 'INACTIVE';
  type: 'container';
  containerProperties: ContainerProperties;
  parameters: Record<string, string>;
  retryStrategy?: RetryStrategy | undefined;
  timeout?: { attemptDurationSeconds?: number | undefined } | undefined;
  propagateTags: boolean;
  schedulingPriority?: number | undefined;
  platformCapabilities: string[];
  tags: Record<string, string>;
}

/** Everything but jobs, by ARN. */
export interface Resources {
  computeEnvironments: Record<string, ComputeEnvironmentRecord>;
  jobQueues: Record<string, JobQueueRecord>;
  schedulingPolicies: Record<string, SchedulingPolicyRecord>;
  jobDefinitions: Record<string, JobDefinitionRecord>;
}

export const noResources = (): Resources => ({
  computeEnvironments: {},
  jobQueues: {},
  schedulingPolicies: {},
  jobDefinitions: {},
});
