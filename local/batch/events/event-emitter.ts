import { codeOf, messageOf } from '../errors.ts';
import type { Faults } from '../faults.ts';
import type { JobRecord } from '../state/job-record.ts';
import { type EventEntry, eventEntry } from './event-entry.ts';

/** Puts one event on the default bus; throws when the bus did not take it, be it the call or the entry that failed. */
export type PutEvent = (entry: EventEntry) => Promise<void>;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** After this long an event is lost, as one of AWS may be; whoever listens must cope (Batch's events are best effort). */
const GIVE_UP_AFTER_MS = 10 * 60 * 1000;

/**
 * Sends the events of state changes. Each job has a line of its own: its events go one by one, in order, each repeated until the
 * bus has it; jobs do not wait for one another, and the state machine waits for none of them.
 */
export class EventEmitter {
  readonly #put: PutEvent;
  readonly #faults: Faults;
  readonly #log: (message: string) => void;
  readonly #lines = new Map<string, EventEntry[]>();
  #stopped = false;

  constructor(put: PutEvent, faults: Faults, log: (message: string) => void) {
    this.#put = put;
    this.#faults = faults;
    this.#log = log;
  }

  jobChanged(job: JobRecord, at: number): void {
    if (this.#stopped) return;
    if (this.#faults.dropsEventOf(job)) {
      this.#log(`The event ${job.status} of job ${job.jobName} (${job.jobId}) was dropped on request.`);
      return;
    }
    const line = this.#lines.get(job.jobId);
    const entry = eventEntry(job, at);
    if (line) line.push(entry);
    else {
      this.#lines.set(job.jobId, [entry]);
      void this.#send(job.jobId);
    }
  }

  /** Waits until all is sent, at most this long, then sends no more. */
  async drain(timeoutMs: number): Promise<void> {
    for (const end = Date.now() + timeoutMs; this.#lines.size > 0 && Date.now() < end; ) {
      await pause(10);
    }
    this.#stopped = true;
  }

  async #send(jobId: string): Promise<void> {
    const line = this.#lines.get(jobId) ?? [];
    for (let [entry] = line; entry && !this.#stopped; [entry] = line) {
      await this.#sendOne(entry);
      line.shift();
    }
    this.#lines.delete(jobId);
  }

  async #sendOne(entry: EventEntry): Promise<void> {
    const giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
    for (let wait = FIRST_PAUSE_MS; !this.#stopped; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.#put(entry);
      } catch (error) {
        if (wait === FIRST_PAUSE_MS)
          this.#log(`An event of ${entry.Resources[0]} is not on the bus yet (${codeOf(error)}): ${messageOf(error)}`);
        if (Date.now() > giveUpAt) return this.#log(`An event of ${entry.Resources[0]} was given up.`);
        await pause(wait);
      }
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
