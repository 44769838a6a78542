import { documentClient } from '../shared/clients.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify } from '../shared/request.ts';
import { type DatasetStore, datasetStore } from './dataset-store.ts';
import { datasetViewOf } from './dataset-views.ts';

export const environment = ['TABLE_NAME', ...CALLER_VARIABLES] as const;

type Services = { datasets: DatasetStore; claims: ClaimNames };

/** `GET /v1/datasets/{name}` */
export const getDataset = async (event: HttpEvent, { datasets, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  return { status: 200, body: datasetViewOf(await datasets.get(tenant, event.pathParameters?.name)) };
};

export const handler = httpHandler(
  environment,
  (env) => ({ datasets: datasetStore({ client: documentClient(), table: env.TABLE_NAME }), claims: env }),
  getDataset,
);
