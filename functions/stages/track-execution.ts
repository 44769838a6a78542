import type { EventBridgeEvent } from 'aws-lambda';
import { eventHandler, logger } from '../shared/handlers.ts';
import { type ExecutionEventDetail, runOfEvent, viewOfExecution } from './execution-view.ts';
import { gatherAll, gatherForExecution } from './gather.ts';
import { OBSERVER_ENVIRONMENT, type Observer, observer, settle } from './observer.ts';

export const environment = OBSERVER_ENVIRONMENT;

export type ExecutionEvent = EventBridgeEvent<'Step Functions Execution Status Change', ExecutionEventDetail>;

/** What is stored suffices to begin a run and to close one that succeeded; any other end may leave jobs behind. */
const STORED_SUFFICES = ['RUNNING', 'SUCCEEDED'];

/** An execution changed its status. */
export const trackExecution = async ({ detail }: ExecutionEvent, observer: Observer): Promise<void> => {
  const at = runOfEvent(detail);
  if (!at) return logger.info('not an execution of ours', { name: detail.name });
  const seen = viewOfExecution(detail);
  const gather = STORED_SUFFICES.includes(detail.status ?? '') ? gatherForExecution : gatherAll;
  const actions = await settle(observer, await gather(observer, at, seen));
  logger.info('tracked an execution', { ...at, status: detail.status, actions });
};

export const handler = eventHandler(environment, observer, trackExecution);
