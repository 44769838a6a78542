import { typeid } from 'typeid-js';
import { documentClient, s3Client, stepFunctionsClient } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import type { DatasetPreparationRequest } from '../shared/contracts/dataset-preparation.ts';
import { type DatasetVersionView, datasetVersionRequest } from '../shared/contracts/dataset-view.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import { InvalidRequest } from '../shared/errors.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { idempotencyKeyOf, replayOf } from '../shared/idempotency.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify, parseBody } from '../shared/request.ts';
import { requestHash } from '../shared/request-hash.ts';
import type { DatasetVersionItem } from '../shared/table/dataset-version.ts';
import { type DatasetStore, datasetStore } from './dataset-store.ts';
import { type KnownUploads, knownUploads } from './known-uploads.ts';
import { type PreparationDocuments, preparationDocuments } from './preparation-documents.ts';
import { type PreparationStore, preparationStore } from './preparation-store.ts';
import { type Preparations, preparations } from './preparations.ts';
import { datasetSourceProblems } from './source-rules.ts';
import { type UploadStore, uploadStore } from './upload-store.ts';
import { type VersionViewer, versionViewer } from './version-viewer.ts';

export const environment = [
  ...(['TABLE_NAME', 'DATASETS_BUCKET', 'STATE_MACHINE_ARN', 'ALLOWED_SOURCES', ...CALLER_VARIABLES] as const),
] as const;

const ROUTE = 'POST-datasets-versions';

type Services = {
  datasets: DatasetStore;
  store: PreparationStore;
  documents: PreparationDocuments;
  machine: Preparations;
  uploads: UploadStore;
  view: VersionViewer;
  allowedSources: readonly string[];
  claims: ClaimNames;
  clock: Clock;
  newId: () => string;
};

/** Begins a stored preparation. One that cannot be started is not left behind as if it went on. */
const start = async (item: DatasetVersionItem, { machine, documents, store, clock }: Services): Promise<void> => {
  try {
    await machine.start(item, documents.requestUri(item));
  } catch (error) {
    const problem = {
      message: 'Its preparation could not be started.',
      where: null,
      remedy: 'Send it again, with another Idempotency-Key.',
    };
    await store.end(item, { status: 'failed', problem }, instantOf(clock.now()));
    throw error;
  }
};

/** The upload's tree hash or the one that was declared: what the content will be known by, if it can be known beforehand. */
const contentOf = (source: string, declared: string | undefined, known: KnownUploads): string | undefined =>
  known.get(source)?.sha256 ?? declared;

/** `POST /v1/datasets/{name}/versions`: starts to make a version of a source; answers the version that is there if its content is known. */
export const createDatasetVersion = async (event: HttpEvent, services: Services): Promise<HttpAnswer> => {
  const { datasets, store, documents, uploads, view, allowedSources, claims, clock, newId } = services;
  const { tenant } = identify(event, claims);
  const key = idempotencyKeyOf(event);
  const { name: dataset, schema } = await datasets.get(tenant, event.pathParameters?.name);
  const { source, sha256 } = parseBody(event, datasetVersionRequest);
  const requestSha256 = requestHash({ dataset, source, sha256 });
  const asked = key === undefined ? undefined : await store.findKey({ tenant, route: ROUTE, key });
  if (asked) return replayOf(asked, requestSha256);

  const known = await knownUploads(uploads, tenant, [source]);
  const problems = datasetSourceProblems({ field: 'source', hashField: 'sha256' }, { source, sha256 }, known, allowedSources);
  if (problems.length > 0) throw new InvalidRequest(problems);
  const content = contentOf(source, sha256, known);
  const existing = content === undefined ? undefined : await datasets.withContent({ tenant, dataset }, content.slice(0, 16));
  if (existing?.rawSha256 === content && existing !== undefined) return answerOf(200, await view(existing));

  const createdAt = instantOf(clock.now());
  const id = newId();
  const item: DatasetVersionItem = { tenant, dataset, id, source, createdAt, updatedAt: createdAt, status: 'preparing' };
  const request: DatasetPreparationRequest = {
    schemaVersion: SCHEMA_VERSION,
    preparationId: id,
    tenant,
    dataset,
    createdAt,
    source,
    ...(content !== undefined && { sha256: content }),
    schema,
  };
  await documents.ask(request);
  const answer = answerOf(202, await view(item));
  const first = await store.begin(
    item,
    key === undefined
      ? undefined
      : {
          ...{ tenant, route: ROUTE, key, requestSha256, createdAt, status: answer.status },
          ...{ body: JSON.stringify(answer.body), location: answer.headers.location },
        },
  );
  if (first) return replayOf(first, requestSha256);
  await start(item, services);
  return answer;
};

const answerOf = (status: number, body: DatasetVersionView) => ({
  status,
  body,
  headers: { location: `/v1/datasets/${body.dataset}/versions/${body.id}` },
});

export const handler = httpHandler(
  environment,
  (env): Services => {
    const table = { client: documentClient(), table: env.TABLE_NAME };
    const s3 = s3Client();
    const documents = preparationDocuments(s3, env.DATASETS_BUCKET);
    return {
      datasets: datasetStore(table),
      store: preparationStore(table),
      documents,
      machine: preparations(stepFunctionsClient(), env.STATE_MACHINE_ARN),
      uploads: uploadStore(table, s3, env.DATASETS_BUCKET),
      view: versionViewer(documents, systemClock),
      allowedSources: env.ALLOWED_SOURCES,
      claims: env,
      clock: systemClock,
      newId: () => typeid('dsv').toString(),
    };
  },
  createDatasetVersion,
);
