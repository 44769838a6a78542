import * as z from 'zod';
import { resolvedSpec } from './experiment-spec.ts';
import { STAGE_ERRORS } from './names.ts';
import { count, experimentId, instant, positiveInteger, s3Uri, schemaVersion, sha256, stage, tenant } from './primitives.ts';
import { stageProgress, stageSummariesDocument } from './stage-documents.ts';

export const STATUSES = ['queued', 'running', 'succeeded', 'failed', 'rejected', 'cancelling', 'cancelled'] as const;
export const experimentStatus = z.enum(STATUSES);
export type ExperimentStatus = z.infer<typeof experimentStatus>;
export const FINAL_STATUSES = ['succeeded', 'failed', 'rejected', 'cancelled'] as const satisfies readonly ExperimentStatus[];
export const isFinal = (status: ExperimentStatus): boolean => FINAL_STATUSES.some((final) => final === status);

export const BATCH_STATUSES = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED'] as const;

export const attemptView = z
  .strictObject({
    run: positiveInteger,
    stage,
    attempt: positiveInteger,
    jobId: z.string(),
    queue: z.string().describe('name of the job queue'),
    status: z.enum(BATCH_STATUSES),
    createdAt: instant.nullable(),
    startedAt: instant.nullable().describe('process start, as Batch saw it'),
    stoppedAt: instant.nullable().describe('process exit, as Batch saw it'),
    exitCode: z.int().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.infer<typeof attemptView>;

export const failureView = z
  .strictObject({
    error: z.union([z.enum(STAGE_ERRORS), z.string()]).describe('name of the error'),
    stage: stage.nullable(),
    attempt: positiveInteger.nullable(),
    message: z.string().describe('what happened'),
    where: z.string().nullable(),
    remedy: z.string().nullable(),
    diagnostics: z.array(s3Uri),
  })
  .meta({ id: 'Failure' });
export type FailureView = z.infer<typeof failureView>;

/** What a list shows of an experiment. */
const listed = {
  schemaVersion,
  id: experimentId,
  name: z.string(),
  model: z.string(),
  dataset: z.string(),
  status: experimentStatus,
  stage: stage.nullable().describe('the current one'),
  run: positiveInteger,
  revision: positiveInteger,
  createdAt: instant,
  updatedAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
};
export const experimentListItem = z.strictObject(listed).meta({ id: 'ExperimentListItem' });
export type ExperimentListItem = z.infer<typeof experimentListItem>;

/** Answer of `GET /v1/experiments/{id}` and of `POST /v1/experiments`. */
export const experimentView = z
  .strictObject({
    ...listed,
    waiting: z.strictObject({ reason: z.string(), since: instant }).nullable(),
    progress: stageProgress.nullable(),
    stages: stageSummariesDocument.describe('figures of the stages that are done'),
    attempts: z.array(attemptView).describe('oldest first'),
    failure: failureView.nullable(),
    bundle: z.strictObject({ uri: s3Uri, sha256, version: positiveInteger }).nullable(),
    spec: resolvedSpec,
  })
  .meta({ id: 'Experiment' });
export type ExperimentView = z.infer<typeof experimentView>;

export const experimentPage = z
  .strictObject({
    items: z.array(experimentListItem),
    next: z.string().nullable().describe('pass as ?cursor= for the next page'),
  })
  .meta({ id: 'ExperimentPage' });

/** One line of an experiment's history. */
export const experimentEvent = z
  .strictObject({
    id: z.string(),
    at: instant,
    type: z.string().describe('for example experiment.queued, stage.running, stage.succeeded'),
    stage: stage.nullable(),
    run: positiveInteger,
    attempt: positiveInteger.nullable(),
    message: z.string(),
  })
  .meta({ id: 'ExperimentEvent' });
export type ExperimentEvent = z.infer<typeof experimentEvent>;

export const experimentEventPage = z
  .strictObject({ items: z.array(experimentEvent), next: z.string().nullable() })
  .meta({ id: 'ExperimentEventPage' });

export const ARTIFACT_KINDS = ['spec', 'document', 'model', 'checkpoint', 'bundle'] as const;
export const artifact = z
  .strictObject({
    kind: z.enum(ARTIFACT_KINDS),
    name: z.string().describe('path within its kind, for example bundle.json or train/r1-1/metrics.json'),
    stage: stage.nullable(),
    bytes: count,
    uri: s3Uri,
    url: z.string().describe('presigned GET'),
    expiresAt: instant,
  })
  .meta({ id: 'Artifact' });
export const artifactPage = z
  .strictObject({ items: z.array(artifact), next: z.string().nullable() })
  .meta({ id: 'ArtifactPage' });
export type ArtifactView = z.infer<typeof artifact>;

/** RFC 9457. `errors` names each field, what was expected and, where something stored differs from it, what was found. */
export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional().describe('request id to quote'),
    errors: z.array(z.strictObject({ field: z.string(), expected: z.string(), found: z.string().optional() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;

/** Detail of `Experiment Status Changed`. `eventId` is the same for every delivery: consumers drop doubles by it. */
export const experimentStatusChanged = z
  .strictObject({
    schemaVersion,
    eventId: z.string().describe('{experimentId}-{revision}'),
    experimentId,
    tenant,
    revision: positiveInteger,
    status: experimentStatus,
    previousStatus: experimentStatus.nullable(),
    run: positiveInteger,
    stage: stage.nullable(),
    at: instant,
  })
  .meta({ id: 'ExperimentStatusChanged' });
export type ExperimentStatusChanged = z.infer<typeof experimentStatusChanged>;
