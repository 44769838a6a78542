import type { Place } from '../arns.ts';
import type { Hosts } from '../jobs/hosts.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Store } from '../state/store.ts';

/** What every operation of the API works on. */
export interface Services {
  place: Place;
  store: Store;
  jobs: Jobs;
  hosts: Hosts;
  /** Saves queues, environments, policies and definitions, and lets the scheduler look at them again. */
  resourcesChanged(): void;
}

/** An operation of AWS Batch: parsed JSON in, JSON out; whatever it throws becomes the answer's error. */
export type Operation = (services: Services, body: unknown) => object;
