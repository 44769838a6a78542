import type { AttemptView, ExperimentEvent, ExperimentListItem, ExperimentView } from '../shared/contracts/experiment-view.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import type { AttemptItem } from '../shared/table/attempt.ts';
import type { EventItem } from '../shared/table/event.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { ProgressItem } from '../shared/table/progress.ts';

export const listItemOf = (experiment: ExperimentItem): ExperimentListItem => ({
  schemaVersion: SCHEMA_VERSION,
  id: experiment.id,
  name: experiment.name,
  model: experiment.model,
  dataset: experiment.dataset,
  status: experiment.status,
  stage: experiment.stage ?? null,
  run: experiment.run,
  revision: experiment.revision,
  createdAt: experiment.createdAt,
  updatedAt: experiment.updatedAt,
  startedAt: experiment.startedAt ?? null,
  endedAt: experiment.endedAt ?? null,
});

const attemptViewOf = (attempt: AttemptItem): AttemptView => ({
  run: attempt.run,
  stage: attempt.stage,
  attempt: attempt.attempt,
  jobId: attempt.jobId,
  queue: attempt.queue,
  status: attempt.status,
  createdAt: attempt.createdAt ?? null,
  startedAt: attempt.startedAt ?? null,
  stoppedAt: attempt.stoppedAt ?? null,
  exitCode: attempt.exitCode ?? null,
  reason: attempt.reason ?? null,
});

/** An experiment as its owner sees it. */
export const viewOf = (
  experiment: ExperimentItem,
  { progress, attempts = [] }: { progress?: ProgressItem | undefined; attempts?: readonly AttemptItem[] } = {},
): ExperimentView => ({
  ...listItemOf(experiment),
  waiting: experiment.waiting ?? null,
  // What is kept may still be an earlier run's, and may come in late.
  progress: progress?.progress.run === experiment.run ? progress.progress : null,
  stages: experiment.stages ?? {},
  attempts: attempts.map(attemptViewOf),
  failure: experiment.failure ?? null,
  bundle: experiment.bundle ?? null,
  spec: experiment.spec,
});

export const eventViewOf = (event: EventItem): ExperimentEvent => ({
  id: event.id,
  at: event.at,
  type: event.type,
  stage: event.stage ?? null,
  run: event.run,
  attempt: event.attempt ?? null,
  message: event.message,
});
