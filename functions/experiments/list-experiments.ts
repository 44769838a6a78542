import * as z from 'zod';
import { documentClient } from '../shared/clients.ts';
import { experimentStatus } from '../shared/contracts/experiment-view.ts';
import { experimentId, instant } from '../shared/contracts/primitives.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { cursorOf, limitOf, pageOf, parseQuery } from '../shared/page.ts';
import { identify } from '../shared/request.ts';
import { type ExperimentReader, experimentReader } from './experiment-reader.ts';
import { listItemOf } from './experiment-view.ts';

export const environment = ['TABLE_NAME', ...CALLER_VARIABLES] as const;

const query = z.strictObject({
  status: experimentStatus.optional(),
  limit: limitOf(20),
  cursor: cursorOf([instant, experimentId]).optional(),
});

type Services = { reader: ExperimentReader; claims: ClaimNames };

/** `GET /v1/experiments`: the tenant's own, newest first. */
export const listExperiments = async (event: HttpEvent, { reader, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { status, limit, cursor } = parseQuery(event, query);
  const [createdAt, id] = cursor ?? [];
  const before = createdAt === undefined || id === undefined ? undefined : { createdAt, id };
  const page = pageOf(await reader.newest(tenant, { status, before, limit: limit + 1 }), limit, ({ createdAt, id }) => [
    createdAt,
    id,
  ]);
  return { status: 200, body: { items: page.items.map(listItemOf), next: page.next } };
};

export const handler = httpHandler(
  environment,
  (env) => ({ reader: experimentReader({ client: documentClient(), table: env.TABLE_NAME }), claims: env }),
  listExperiments,
);
