import type { EventBridgeEvent } from 'aws-lambda';
import { eventHandler, logger } from '../shared/handlers.ts';
import { gatherAll, gatherForJob } from './gather.ts';
import { isEnded, type JobEventDetail, viewOfDetail } from './job-view.ts';
import { OBSERVER_ENVIRONMENT, type Observer, observer, settle } from './observer.ts';

export const environment = OBSERVER_ENVIRONMENT;

export type JobEvent = EventBridgeEvent<'Batch Job State Change', JobEventDetail>;

/** A job changed its state. Never logs the event: it carries the task token. */
export const trackJob = async ({ detail }: JobEvent, observer: Observer): Promise<void> => {
  const job = viewOfDetail(detail);
  if (!job) return logger.info('not a job of ours', { jobId: detail.jobId });
  const gathered = await gatherForJob(observer, job);
  // The last job of a cancelled experiment may have been the last thing alive: that takes the whole picture.
  const whole = gathered.experiment?.status === 'cancelling' && isEnded(job);
  const actions = await settle(observer, whole ? await gatherAll(observer, job.at) : gathered);
  const { experimentId, run, stage, attempt } = job.at;
  logger.info('tracked a job', { experimentId, run, stage, attempt, status: job.status, actions });
};

export const handler = eventHandler(environment, observer, trackJob);
