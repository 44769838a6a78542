import { z } from 'zod';

/** The parts of a job that definitions and submissions share. Unknown members are kept: descriptions echo them. */
const keyValue = z.looseObject({ name: z.string().optional(), value: z.string().optional() });
export type KeyValue = z.infer<typeof keyValue>;

const resourceRequirement = z.object({ type: z.enum(['VCPU', 'MEMORY', 'GPU']), value: z.string() });
export type ResourceRequirement = z.infer<typeof resourceRequirement>;

const environment = z
  .array(keyValue)
  .refine((list) => list.every(({ name }) => !name?.startsWith('AWS_BATCH')), 'names that start with AWS_BATCH are reserved');

const logConfiguration = z.looseObject({
  logDriver: z.string(),
  options: z.record(z.string(), z.string()).optional(),
});

export const containerProperties = z.looseObject({
  image: z.string().min(1),
  vcpus: z.int().positive().optional(),
  memory: z.int().min(4).optional(),
  command: z.array(z.string()).optional(),
  jobRoleArn: z.string().optional(),
  executionRoleArn: z.string().optional(),
  environment: environment.optional(),
  resourceRequirements: z.array(resourceRequirement).optional(),
  logConfiguration: logConfiguration.optional(),
});
export type ContainerProperties = z.infer<typeof containerProperties>;

export const containerOverrides = z.object({
  vcpus: z.int().positive().optional(),
  memory: z.int().min(4).optional(),
  command: z.array(z.string()).optional(),
  instanceType: z.string().optional(),
  environment: environment.optional(),
  resourceRequirements: z.array(resourceRequirement).optional(),
});
export type ContainerOverrides = z.infer<typeof containerOverrides>;

const evaluateOnExit = z.object({
  action: z.string().refine((action) => /^(retry|exit)$/i.test(action), 'must be RETRY or EXIT'),
  onStatusReason: z.string().optional(),
  onReason: z.string().optional(),
  onExitCode: z.string().optional(),
});

export const retryStrategy = z.object({
  attempts: z.int().min(1).max(10).optional(),
  evaluateOnExit: z.array(evaluateOnExit).max(5).optional(),
});
export type RetryStrategy = z.infer<typeof retryStrategy>;

/** AWS's least time-out is 60 s. */
export const jobTimeout = z.object({ attemptDurationSeconds: z.int().min(60).optional() });

export const tags = z.record(z.string().max(128), z.string().max(256));
export const parameters = z.record(z.string(), z.string());
export const resourceName = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w-]{0,127}$/,
    'must be up to 128 letters, digits, hyphens and underscores, and start with a letter or digit',
  );
