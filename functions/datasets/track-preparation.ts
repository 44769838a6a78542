import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod';
import { name, preparationId, tenant } from '../shared/contracts/primitives.ts';
import { eventHandler, logger } from '../shared/handlers.ts';
import { type PreparationServices, preparationServices, recordPreparation } from './record-preparation.ts';

export const environment = ['TABLE_NAME', 'DATASETS_BUCKET'] as const;

type Detail = { name?: string; status?: string; input?: string | null; cause?: string | null };
export type PreparationEvent = EventBridgeEvent<'Step Functions Execution Status Change', Detail>;

/** What the execution was started with, as far as it says whose it is. */
const started = z.object({ tenant, dataset: name, preparationId });

/** Whether an event tells of a preparation: its execution has the preparation's id as its name. */
export const isOfPreparation = ({ name }: Detail): boolean => preparationId.safeParse(name).success;

/**
 * An execution ended otherwise than by recording: it was stopped, or could not record. Where it has recorded what became of the
 * preparation, that stays.
 */
export const trackPreparation = async ({ detail }: PreparationEvent, services: PreparationServices): Promise<void> => {
  const { status = 'unknown', input, cause = null } = detail;
  const of = started.parse(JSON.parse(input ?? 'null'));
  const reason = `its execution ended ${status}${cause === null ? '' : `, ${cause}`}`;
  const job = { jobId: null, status: 'unseen', reason, exitCode: null };
  const recorded = await recordPreparation({ ...of, job }, services);
  logger.info('tracked a preparation', { id: of.preparationId, execution: status, recorded: recorded.status });
};

export const handler = eventHandler(environment, preparationServices, trackPreparation);
