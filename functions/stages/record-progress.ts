import type { EventBridgeEvent } from 'aws-lambda';
import { documentClient } from '../shared/clients.ts';
import { isFinal } from '../shared/contracts/experiment-view.ts';
import { stageProgress } from '../shared/contracts/stage-documents.ts';
import { eventHandler, logger } from '../shared/handlers.ts';
import { compareAttempts } from './attempt-order.ts';
import { type StageStore, stageStore } from './stage-store.ts';

export const environment = ['TABLE_NAME'] as const;

export type ProgressEvent = EventBridgeEvent<'Stage Progress', unknown>;

/** A stage told how far it is. What is malformed, unknown, over or older than what is kept is ignored. */
export const recordProgress = async ({ detail }: ProgressEvent, { store }: { store: StageStore }): Promise<void> => {
  const parsed = stageProgress.safeParse(detail);
  if (!parsed.success) return logger.warn('malformed progress', { problem: parsed.error.message });
  const progress = parsed.data;
  const experiment = await store.experiments.get(progress.experimentId);
  if (!experiment || isFinal(experiment.status) || experiment.run !== progress.run) return;
  if (experiment.current && compareAttempts(progress, experiment.current) < 0) return;
  await store.keepProgress(progress);
};

export const handler = eventHandler(
  environment,
  ({ TABLE_NAME }) => ({ store: stageStore({ client: documentClient(), table: TABLE_NAME }) }),
  recordProgress,
);
