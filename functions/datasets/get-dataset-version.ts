import { documentClient, s3Client } from '../shared/clients.ts';
import { systemClock } from '../shared/clock.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify } from '../shared/request.ts';
import { type DatasetStore, datasetStore } from './dataset-store.ts';
import { preparationDocuments } from './preparation-documents.ts';
import { type VersionViewer, versionViewer } from './version-viewer.ts';

export const environment = ['TABLE_NAME', 'DATASETS_BUCKET', ...CALLER_VARIABLES] as const;

type Services = { datasets: DatasetStore; view: VersionViewer; claims: ClaimNames };

/** `GET /v1/datasets/{name}/versions/{version}`: by the id that was answered, or by the version that came of it. */
export const getDatasetVersion = async (event: HttpEvent, { datasets, view, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { name: dataset } = await datasets.get(tenant, event.pathParameters?.name);
  const item = await datasets.getVersion({ tenant, dataset }, event.pathParameters?.version);
  return { status: 200, body: await view(item) };
};

export const handler = httpHandler(
  environment,
  (env) => ({
    datasets: datasetStore({ client: documentClient(), table: env.TABLE_NAME }),
    view: versionViewer(preparationDocuments(s3Client(), env.DATASETS_BUCKET), systemClock),
    claims: env,
  }),
  getDatasetVersion,
);
