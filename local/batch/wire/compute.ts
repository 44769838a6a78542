import { z } from 'zod';
import { resourceName, tags } from './container.ts';

const state = z.enum(['ENABLED', 'DISABLED']);
const page = { maxResults: z.int().min(1).optional(), nextToken: z.string().nullish() };

const scalingPolicy = z.object({ minScaleDownDelayMinutes: z.int().min(0).max(10_080).optional() });
const computeResources = z.looseObject({
  type: z.enum(['EC2', 'SPOT', 'FARGATE', 'FARGATE_SPOT']),
  maxvCpus: z.int().positive(),
  minvCpus: z.int().min(0).optional(),
  desiredvCpus: z.int().min(0).optional(),
  instanceTypes: z.array(z.string()).optional(),
  scalingPolicy: scalingPolicy.optional(),
});

export const createComputeEnvironment = z.looseObject({
  computeEnvironmentName: resourceName,
  type: z
    .string()
    .transform((type) => type.toUpperCase())
    .pipe(z.enum(['MANAGED', 'UNMANAGED'])),
  state: state.optional(),
  computeResources: computeResources.optional(),
  serviceRole: z.string().optional(),
  tags: tags.optional(),
});

export const updateComputeEnvironment = z.looseObject({
  computeEnvironment: z.string(),
  state: state.optional(),
  serviceRole: z.string().optional(),
  computeResources: z
    .looseObject({
      maxvCpus: z.int().positive().optional(),
      minvCpus: z.int().min(0).optional(),
      instanceTypes: z.array(z.string()).optional(),
      scalingPolicy: scalingPolicy.optional(),
    })
    .optional(),
});

export const deleteComputeEnvironment = z.object({ computeEnvironment: z.string() });
export const describeComputeEnvironments = z.object({ computeEnvironments: z.array(z.string()).optional(), ...page });

const computeEnvironmentOrder = z
  .array(z.object({ order: z.int(), computeEnvironment: z.string() }))
  .min(1)
  .max(3);
/** The causes that AWS acts on: https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html */
const jobStateTimeLimitActions = z.array(
  z.object({
    reason: z.enum([
      'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
      'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
      'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
      'MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED',
    ]),
    state: z.literal('RUNNABLE'),
    maxTimeSeconds: z.int().min(600).max(86_400),
    action: z.literal('CANCEL'),
  }),
);

export const createJobQueue = z.object({
  jobQueueName: resourceName,
  priority: z.int().min(0).max(1000),
  state: state.optional(),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder,
  jobStateTimeLimitActions: jobStateTimeLimitActions.optional(),
  tags: tags.optional(),
});

export const updateJobQueue = z.object({
  jobQueue: z.string(),
  priority: z.int().min(0).max(1000).optional(),
  state: state.optional(),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder: computeEnvironmentOrder.optional(),
  jobStateTimeLimitActions: jobStateTimeLimitActions.optional(),
});

export const deleteJobQueue = z.object({ jobQueue: z.string() });
export const getJobQueueSnapshot = z.object({ jobQueue: z.string() });
export const describeJobQueues = z.object({ jobQueues: z.array(z.string()).optional(), ...page });

const fairsharePolicy = z.object({
  shareDecaySeconds: z.int().min(0).max(604_800).optional(),
  computeReservation: z.int().min(0).max(99).optional(),
  shareDistribution: z
    .array(z.object({ shareIdentifier: z.string(), weightFactor: z.number().min(0.0001).max(999.9999).optional() }))
    .max(500)
    .optional(),
});
export type FairsharePolicy = z.infer<typeof fairsharePolicy>;

export const createSchedulingPolicy = z.object({
  name: resourceName,
  fairsharePolicy: fairsharePolicy.optional(),
  tags: tags.optional(),
});
export const updateSchedulingPolicy = z.object({ arn: z.string(), fairsharePolicy: fairsharePolicy.optional() });
export const deleteSchedulingPolicy = z.object({ arn: z.string() });
export const describeSchedulingPolicies = z.object({ arns: z.array(z.string()) });
export const listSchedulingPolicies = z.object(page);

export const tagResource = z.object({ resourceArn: z.string(), tags });
export const untagResource = z.object({ resourceArn: z.string(), tagKeys: z.array(z.string()).min(1) });
export const listTagsForResource = z.object({ resourceArn: z.string() });
