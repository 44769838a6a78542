import * as z from 'zod';
import { documentClient } from '../shared/clients.ts';
import { name } from '../shared/contracts/primitives.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { cursorOf, limitOf, pageOf, parseQuery } from '../shared/page.ts';
import { identify } from '../shared/request.ts';
import { type DatasetStore, datasetStore } from './dataset-store.ts';
import { datasetViewOf } from './dataset-views.ts';

export const environment = ['TABLE_NAME', ...CALLER_VARIABLES] as const;

const query = z.strictObject({ limit: limitOf(20), cursor: cursorOf([name]).optional() });

type Services = { datasets: DatasetStore; claims: ClaimNames };

/** `GET /v1/datasets`: the tenant's own, by name. */
export const listDatasets = async (event: HttpEvent, { datasets, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { limit, cursor } = parseQuery(event, query);
  const found = await datasets.list(tenant, { after: cursor?.[0], limit: limit + 1 });
  const page = pageOf(found, limit, ({ name }) => [name]);
  return { status: 200, body: { items: page.items.map(datasetViewOf), next: page.next } };
};

export const handler = httpHandler(
  environment,
  (env) => ({ datasets: datasetStore({ client: documentClient(), table: env.TABLE_NAME }), claims: env }),
  listDatasets,
);
