import { documentClient } from '../shared/clients.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify } from '../shared/request.ts';
import { type ExperimentReader, experimentReader } from './experiment-reader.ts';

export const environment = ['TABLE_NAME', ...CALLER_VARIABLES] as const;

type Services = { reader: ExperimentReader; claims: ClaimNames };

/** `GET /v1/experiments/{id}` */
export const getExperiment = async (event: HttpEvent, { reader, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const experiment = await reader.get(tenant, event.pathParameters?.id);
  return { status: 200, body: await reader.withDetails(experiment) };
};

export const handler = httpHandler(
  environment,
  (env) => ({ reader: experimentReader({ client: documentClient(), table: env.TABLE_NAME }), claims: env }),
  getExperiment,
);
