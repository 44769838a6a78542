import * as z from 'zod';
import { documentClient } from '../shared/clients.ts';
import { preparationId } from '../shared/contracts/primitives.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { cursorOf, limitOf, pageOf, parseQuery } from '../shared/page.ts';
import { identify } from '../shared/request.ts';
import { type DatasetStore, datasetStore } from './dataset-store.ts';
import { versionListItemOf } from './dataset-views.ts';

export const environment = ['TABLE_NAME', ...CALLER_VARIABLES] as const;

const query = z.strictObject({ limit: limitOf(20), cursor: cursorOf([preparationId]).optional() });

type Services = { datasets: DatasetStore; claims: ClaimNames };

/** `GET /v1/datasets/{name}/versions`: newest first, those that were refused or failed among them. */
export const listDatasetVersions = async (event: HttpEvent, { datasets, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { limit, cursor } = parseQuery(event, query);
  const { name: dataset } = await datasets.get(tenant, event.pathParameters?.name);
  const found = await datasets.listVersions({ tenant, dataset }, { before: cursor?.[0], limit: limit + 1 });
  const page = pageOf(found, limit, ({ id }) => [id]);
  return { status: 200, body: { items: page.items.map(versionListItemOf), next: page.next } };
};

export const handler = httpHandler(
  environment,
  (env) => ({ datasets: datasetStore({ client: documentClient(), table: env.TABLE_NAME }), claims: env }),
  listDatasetVersions,
);
