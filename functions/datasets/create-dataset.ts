import { documentClient } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { datasetRequest } from '../shared/contracts/dataset-view.ts';
import { DatasetExists, InvalidRequest } from '../shared/errors.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify, parseBody } from '../shared/request.ts';
import { requestHash } from '../shared/request-hash.ts';
import { type DatasetStore, datasetStore } from './dataset-store.ts';
import { datasetViewOf } from './dataset-views.ts';
import { columnProblems, splitProblems } from './schema-rules.ts';

export const environment = ['TABLE_NAME', ...CALLER_VARIABLES] as const;

type Services = { datasets: DatasetStore; clock: Clock; claims: ClaimNames };

/** `POST /v1/datasets`: the schema that every version of a dataset is read by. The same again is the same dataset; another one is refused. */
export const createDataset = async (event: HttpEvent, { datasets, clock, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { name, ...schema } = parseBody(event, datasetRequest);
  const problems = [...columnProblems('columns', schema), ...splitProblems('split', schema.split)];
  if (problems.length > 0) throw new InvalidRequest(problems);

  const dataset = { tenant, name, schema, createdAt: instantOf(clock.now()) };
  const stored = await datasets.declare(dataset);
  if (stored && requestHash(stored.schema) !== requestHash(schema)) throw new DatasetExists(name);
  const headers = { location: `/v1/datasets/${name}` };
  return { status: stored ? 200 : 201, body: datasetViewOf(stored ?? dataset), headers };
};

export const handler = httpHandler(
  environment,
  (env) => ({ datasets: datasetStore({ client: documentClient(), table: env.TABLE_NAME }), clock: systemClock, claims: env }),
  createDataset,
);
