import * as z from 'zod';
import { PRECISIONS, prices } from './contracts/experiment-spec.ts';
import { STAGES, type Stage } from './contracts/names.ts';
import { gitSha, tenant } from './contracts/primitives.ts';
import { upgradeChoice } from './contracts/rehearsal.ts';
import { EnvironmentInvalid } from './errors.ts';

const text = z.string().min(1);
const arn = z.string().regex(/^arn:aws[a-z-]*:/, 'expected an ARN');
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((value, context): unknown => {
      try {
        return JSON.parse(value);
      } catch {
        context.issues.push({ code: 'custom', message: 'expected JSON', input: value });
        return z.NEVER;
      }
    })
    .pipe(schema);
const byStage = <T extends z.ZodType>(value: T) =>
  z.strictObject(Object.fromEntries(STAGES.map((stage) => [stage, value])) as Record<Stage, T>);

type Ladders = Record<string, Record<Stage, string[]>>;

const mapLadders = (ladders: Ladders, arnOf: (queue: string) => string): Ladders =>
  Object.fromEntries(
    Object.entries(ladders).map(([profile, stages]) => [
      profile,
      Object.fromEntries(Object.entries(stages).map(([stage, queues]) => [stage, queues.map(arnOf)])) as Record<Stage, string[]>,
    ]),
  );

const unknownQueue = (queue: string, { issues }: Pick<z.core.ParsePayload, 'issues'>): string => {
  issues.push({ code: 'custom', message: `a ladder names the queue ${queue}, which has no ARN`, input: queue });
  return z.NEVER;
};

/** Every variable that a function may read, each with what it must look like. */
const VARIABLES = {
  TABLE_NAME: text,
  DATASETS_BUCKET: text,
  EXPERIMENTS_BUCKET: text,
  CHECKPOINTS_BUCKET: text,
  RELEASES_BUCKET: text,
  EVENT_BUS: text,
  STATE_MACHINE_ARN: arn,
  PROFILES: json(
    z.strictObject({
      queues: z.record(z.string(), arn),
      ladders: z.record(z.string(), byStage(z.array(z.string()).min(1))),
    }),
  )
    .transform(({ queues, ladders }, context) => mapLadders(ladders, (queue) => queues[queue] ?? unknownQueue(queue, context)))
    .describe(
      'queue name → ARN; profile name → stage → queue names, first rung first. Each ARN once, since a function’s environment takes 4 KiB; read as profile name → stage → ARNs',
    ),
  JOB_DEFINITIONS: json(byStage(arn)).describe('stage → job definition ARN with revision'),
  PROFILE_VARIANTS: json(
    z.record(
      z.string(),
      z.strictObject({
        ladders: z.partialRecord(z.enum(STAGES), z.array(arn).min(1)),
        jobDefinitions: z.partialRecord(z.enum(STAGES), arn),
      }),
    ),
  )
    .optional()
    .describe('further profiles: the stages in which each differs from the profile `default`'),
  JOB_QUEUES: json(z.array(arn)),
  DEAD_LETTER_QUEUES: json(z.array(text).min(1)).describe('URLs'),
  ALLOWED_SOURCES: json(z.array(z.string().regex(/^s3:\/\/[^/]+\/(.*\/)?$/, 'expected s3://bucket/ or s3://bucket/prefix/'))),
  HANG_LIMITS: json(byStage(z.number().positive())).describe('stage → seconds'),
  PRICES: json(prices),
  PRECISION_LIMITS: json(z.record(z.string(), z.partialRecord(z.enum(PRECISIONS), text))).describe(
    'profile → a precision that not every rung of its training has → the first rung without it, in words',
  ),
  CLAIM_TENANT: text,
  CLAIM_GROUPS: text,
  SERVED_TENANT: tenant.optional(),
  MACHINE_SCOPES: text.optional().describe('the identifier of a resource server'),
  ORIGIN_SECRET: text.min(32).optional(),
  GIT_SHA: gitSha,
  START_AFTER_SECONDS: z.coerce.number().min(0),
  UPGRADE: json(upgradeChoice),
  SPOT_CHECK_MODELS: z.coerce.number().int().min(1),
} as const;

export type VariableName = keyof typeof VARIABLES;
export type Environment<N extends VariableName> = { readonly [K in N]: z.output<(typeof VARIABLES)[K]> };

/**
 * The variables that a function declared, parsed. This is the only place that reads the process's environment.
 * @throws EnvironmentInvalid naming every variable that is missing or malformed
 */
export const readEnv = <N extends VariableName>(
  names: readonly N[],
  source: Readonly<Record<string, string | undefined>> = process.env,
): Environment<N> => {
  const problems: string[] = [];
  const values = names.map((name) => {
    const read = VARIABLES[name].safeParse(source[name]);
    if (!read.success) problems.push(`${name}: ${source[name] === undefined ? 'not set' : z.prettifyError(read.error)}`);
    return [name, read.data];
  });
  if (problems.length > 0) throw new EnvironmentInvalid(problems);
  return Object.fromEntries(values);
};
