import { z } from 'zod';
import {
  containerOverrides,
  containerProperties,
  jobTimeout,
  parameters,
  resourceName,
  retryStrategy,
  tags,
} from './container.ts';

const unsupported = (what: string) =>
  z.undefined(`${what} are not offered by the local Batch, which runs single-container jobs`).optional();

export const registerJobDefinition = z.object({
  jobDefinitionName: resourceName,
  type: z.literal('container', 'only the type "container" is offered by the local Batch'),
  containerProperties,
  nodeProperties: unsupported('nodeProperties'),
  eksProperties: unsupported('eksProperties'),
  ecsProperties: unsupported('ecsProperties'),
  parameters: parameters.optional(),
  retryStrategy: retryStrategy.optional(),
  timeout: jobTimeout.optional(),
  propagateTags: z.boolean().optional(),
  schedulingPriority: z.int().min(0).max(9999).optional(),
  platformCapabilities: z.array(z.enum(['EC2', 'FARGATE'])).optional(),
  tags: tags.optional(),
});

export const deregisterJobDefinition = z.object({ jobDefinition: z.string() });

const page = { maxResults: z.int().min(1).optional(), nextToken: z.string().nullish() };

export const describeJobDefinitions = z.object({
  jobDefinitions: z.array(z.string()).optional(),
  jobDefinitionName: z.string().optional(),
  status: z.string().optional(),
  ...page,
});

export const submitJob = z.object({
  jobName: resourceName,
  jobQueue: z.string(),
  jobDefinition: z.string(),
  shareIdentifier: z
    .string()
    .regex(/^[A-Za-z0-9]{1,255}\*?$/, 'must be up to 255 alphanumeric characters, which an asterisk may follow')
    .optional(),
  schedulingPriorityOverride: z.int().min(0).max(9999).optional(),
  dependsOn: z
    .array(z.object({ jobId: z.string().optional(), type: z.string().optional() }))
    .max(20)
    .optional(),
  parameters: parameters.optional(),
  containerOverrides: containerOverrides.optional(),
  arrayProperties: unsupported('arrayProperties'),
  nodeOverrides: unsupported('nodeOverrides'),
  eksPropertiesOverride: unsupported('eksPropertiesOverride'),
  ecsPropertiesOverride: unsupported('ecsPropertiesOverride'),
  retryStrategy: retryStrategy.optional(),
  propagateTags: z.boolean().optional(),
  timeout: jobTimeout.optional(),
  tags: tags.optional(),
});
export type SubmitJob = z.infer<typeof submitJob>;

export const describeJobs = z.object({ jobs: z.array(z.string()).max(100) });

export const jobStatus = z.enum(['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED']);
export type JobStatus = z.infer<typeof jobStatus>;

export const listJobs = z.object({
  jobQueue: z.string().optional(),
  jobStatus: jobStatus.optional(),
  arrayJobId: unsupported('array jobs'),
  multiNodeJobId: unsupported('multi-node jobs'),
  filters: z
    .array(z.object({ name: z.string(), values: z.array(z.string()) }))
    .max(1, 'only one filter can be used at a time')
    .optional(),
  ...page,
});

/** TerminateJob and CancelJob. */
export const endJob = z.object({ jobId: z.string(), reason: z.string() });
