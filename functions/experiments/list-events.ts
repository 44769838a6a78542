import * as z from 'zod';
import { documentClient } from '../shared/clients.ts';
import { instant } from '../shared/contracts/primitives.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { cursorOf, limitOf, pageOf, parseQuery } from '../shared/page.ts';
import { identify } from '../shared/request.ts';
import { type ExperimentReader, experimentReader } from './experiment-reader.ts';
import { eventViewOf } from './experiment-view.ts';

export const environment = ['TABLE_NAME', ...CALLER_VARIABLES] as const;

const eventId = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/);
const query = z.strictObject({ limit: limitOf(100), cursor: cursorOf([instant, eventId]).optional() });

type Services = { reader: ExperimentReader; claims: ClaimNames };

/** `GET /v1/experiments/{id}/events`: its history, oldest first. */
export const listEvents = async (event: HttpEvent, { reader, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { limit, cursor } = parseQuery(event, query);
  const experiment = await reader.get(tenant, event.pathParameters?.id);
  const [at, id] = cursor ?? [];
  const after = at === undefined || id === undefined ? undefined : { at, id };
  const page = pageOf(await reader.history(experiment.id, { after, limit: limit + 1 }), limit, ({ at, id }) => [at, id]);
  return { status: 200, body: { items: page.items.map(eventViewOf), next: page.next } };
};

export const handler = httpHandler(
  environment,
  (env) => ({ reader: experimentReader({ client: documentClient(), table: env.TABLE_NAME }), claims: env }),
  listEvents,
);
