import type { Clock } from '../clock.ts';
import type { EventEmitter } from '../events/event-emitter.ts';
import type { Faults } from '../faults.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Store } from '../state/store.ts';

/** What the executor's own routes, `/_spotforge/…`, work on. */
export interface ControlRoutes {
  store: Store;
  jobs: Jobs;
  faults: Faults;
  clock: Clock;
  emitter: EventEmitter;
}

/** A route of the executor's own: parsed JSON in, JSON out. */
export type Route = (routes: ControlRoutes, body: unknown, url: URL) => object;
