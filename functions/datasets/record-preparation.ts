import * as z from 'zod';
import { documentClient, s3Client } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { name, preparationId, tenant } from '../shared/contracts/primitives.ts';
import { eventHandler } from '../shared/handlers.ts';
import type { DatasetVersionItem } from '../shared/table/dataset-version.ts';
import { type PreparationDocuments, preparationDocuments } from './preparation-documents.ts';
import { preparationJob, preparationOutcome } from './preparation-outcome.ts';
import { type PreparationStore, preparationStore } from './preparation-store.ts';

export const environment = ['TABLE_NAME', 'DATASETS_BUCKET'] as const;

const request = z.strictObject({ tenant, dataset: name, preparationId, job: preparationJob });

export type PreparationServices = {
  store: Pick<PreparationStore, 'end'>;
  documents: Pick<PreparationDocuments, 'report'>;
  clock: Clock;
};

/** Of a function whose environment names table and bucket. */
export const preparationServices = (env: { TABLE_NAME: string; DATASETS_BUCKET: string }): PreparationServices => ({
  store: preparationStore({ client: documentClient(), table: env.TABLE_NAME }),
  documents: preparationDocuments(s3Client(), env.DATASETS_BUCKET),
  clock: systemClock,
});

type Recorded = Pick<DatasetVersionItem, 'status'> & { version: string | null; because: string | null };

/** Last step of a preparation: records what became of it, once. What was recorded first stays, however often it is asked again. */
export const recordPreparation = async (event: unknown, services: PreparationServices): Promise<Recorded> => {
  const { store, documents, clock } = services;
  const { tenant, dataset, preparationId: id, job } = request.parse(event);
  const outcome = preparationOutcome(job, await documents.report({ tenant, dataset, id }));
  const stored = await store.end({ tenant, dataset, id }, outcome, instantOf(clock.now()));
  return { status: stored.status, version: stored.version ?? null, because: stored.problem?.message ?? null };
};

export const handler = eventHandler(environment, preparationServices, recordPreparation);
