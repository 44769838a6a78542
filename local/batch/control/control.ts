import { ClientException } from '../errors.ts';
import { attemptRoutes } from './attempts.ts';
import { eventRoutes } from './events.ts';
import { faultRoutes } from './faults.ts';
import { hostRoutes } from './hosts.ts';
import { jobRoutes } from './jobs.ts';
import { queueRoutes } from './queues.ts';
import type { ControlRoutes, Route } from './route.ts';

/** AWS knows none of these: they stand for what a user cannot do to AWS, and for what only the executor can have seen. */
const ROUTES: Record<string, Route> = {
  'GET /_spotforge/health': () => ({ status: 'ok' }),
  ...attemptRoutes,
  ...hostRoutes,
  ...queueRoutes,
  ...jobRoutes,
  ...eventRoutes,
  ...faultRoutes,
};

export function control(routes: ControlRoutes, method: string, url: URL, body: unknown): object {
  const route = ROUTES[`${method} ${url.pathname}`];
  if (!route) throw new ClientException(`${method} ${url.pathname}: there is ${Object.keys(ROUTES).join(', ')}`);
  return route(routes, body, url);
}
