import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf } from '../errors.ts';
import type { Faults } from '../faults.ts';
import type { JobRecord } from '../state/job-record.ts';
import { Detours } from './detours.ts';
import { type EventEntry, queueBlocked, stateChange } from './event-entry.ts';

/** Puts one event on the default bus; throws when the bus did not take it, be it the call or the entry that failed. */
export type PutEvent = (entry: EventEntry) => Promise<void>;

export interface EmitterDependencies {
  put: PutEvent;
  faults: Faults;
  clock: Clock;
  /** Never throws. */
  save: (job: JobRecord) => void;
  log: (message: string) => void;
}

interface OutgoingEvent {
  job: JobRecord;
  id: string;
  entry: EventEntry;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** As long as EventBridge itself repeats a delivery; whatever the bus refuses for a day it will refuse for ever. */
const GIVE_UP_AFTER_MS = 24 * 3600 * 1000;

/**
 * Sends the events of state changes. Each job has a line of its own: its events go one by one, in order, each repeated until the
 * bus has it; jobs do not wait for one another, and the state machine waits for none of them. Until the bus has it, an event lies
 * in its job's record: one write keeps a change and its event, and a restart loses neither.
 */
export class EventEmitter {
  readonly #put: PutEvent;
  readonly #faults: Faults;
  readonly #save: (job: JobRecord) => void;
  readonly #log: (message: string) => void;
  readonly #detours: Detours<OutgoingEvent>;
  readonly #lines = new Map<string, OutgoingEvent[]>();
  #stopped = false;

  constructor({ put, faults, clock, save, log }: EmitterDependencies) {
    this.#put = put;
    this.#faults = faults;
    this.#save = save;
    this.#log = log;
    this.#detours = new Detours(clock, faults, (events) => this.#enqueue(randomUUID(), events));
  }

  /** Puts the event of a change into the job's record. Save the record, then call the returned function: it sends the event. */
  jobChanged(job: JobRecord, at: number): () => void {
    if (this.#faults.dropsEventOf(job)) {
      this.#log(`The event ${job.status} of job ${job.jobName} (${job.jobId}) was dropped on request.`);
      return () => {};
    }
    const entry = stateChange(job, at);
    const events = this.#faults.doublesEventOf(job) ? [keep(job, entry), keep(job, entry)] : [keep(job, entry)];
    const seconds = this.#faults.delayOfEventOf(job);
    if (seconds > 0) return () => this.#detours.delay(events, seconds);
    const reordering = this.#faults.reorderingOfEventOf(job);
    if (reordering) return () => this.#detours.hold(events, reordering);
    return () => this.#enqueue(job.jobId, events);
  }

  /** As `jobChanged`, for a job that begins to hold up its queue. Faults leave this event alone. */
  queueBlocked(job: JobRecord, at: number): () => void {
    const event = keep(job, queueBlocked(job, at));
    return () => this.#enqueue(job.jobId, [event]);
  }

  /** After a restart: sends what the last run of the executor did not get rid of, late and held events too. */
  resume(jobs: Iterable<JobRecord>): void {
    for (const job of jobs) {
      const events = (job.unsentEvents ?? []).map((event) => ({ job, ...event }));
      if (events.length > 0) this.#enqueue(job.jobId, events);
    }
  }

  /** Late and held events go out now. */
  releaseDetours(): void {
    this.#detours.releaseAll();
  }

  /** Waits until all is sent, at most this long, then sends no more. */
  async drain(timeoutMs: number): Promise<void> {
    for (const end = Date.now() + timeoutMs; this.#lines.size > 0 && Date.now() < end; ) {
      await pause(10);
    }
    this.#stopped = true;
    this.#detours.close();
  }

  #enqueue(name: string, events: OutgoingEvent[]): void {
    if (this.#stopped) return;
    const line = this.#lines.get(name);
    if (line) line.push(...events);
    else {
      this.#lines.set(name, [...events]);
      void this.#send(name);
    }
  }

  async #send(name: string): Promise<void> {
    const line = this.#lines.get(name) ?? [];
    for (let [event] = line; event && !this.#stopped; [event] = line) {
      await this.#sendOne(event);
      line.shift();
    }
    this.#lines.delete(name);
  }

  async #sendOne({ job, id, entry }: OutgoingEvent): Promise<void> {
    for (let wait = FIRST_PAUSE_MS; !this.#stopped; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#put(entry);
        return this.#forget(job, id);
      } catch (error) {
        if (wait === FIRST_PAUSE_MS)
          this.#log(`An event of ${entry.Resources[0]} is not on the bus yet (${codeOf(error)}): ${messageOf(error)}`);
        if (Date.now() > entry.Time + GIVE_UP_AFTER_MS) {
          this.#log(`An event of ${entry.Resources[0]} was given up.`);
          return this.#forget(job, id);
        }
        await pause(wait);
      }
    }
  }

  #forget(job: JobRecord, id: string): void {
    job.unsentEvents = job.unsentEvents?.filter((event) => event.id !== id);
    this.#save(job);
  }
}

function keep(job: JobRecord, entry: EventEntry): OutgoingEvent {
  const event = { id: randomUUID(), entry };
  job.unsentEvents = [...(job.unsentEvents ?? []), event];
  return { job, ...event };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
