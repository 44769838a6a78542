import type { Clock } from '../clock.ts';
import type { Faults, Reordering } from '../faults.ts';

/** Held events go out after this long at the latest, real time, so that a job with too few of them is not silent for ever. */
const LONGEST_HOLD_MS = 10_000;

interface Held<Event> {
  events: Event[];
  timer: NodeJS.Timeout;
}

/** Events that a fault keeps from the direct way: late ones, and ones held back to go out newest first. */
export class Detours<Event> {
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #send: (events: Event[]) => void;
  readonly #late = new Map<Event[], () => void>();
  readonly #held = new Map<Reordering, Held<Event>>();

  constructor(clock: Clock, faults: Faults, send: (events: Event[]) => void) {
    this.#clock = clock;
    this.#faults = faults;
    this.#send = send;
  }

  delay(events: Event[], seconds: number): void {
    const callOff = this.#clock.after(seconds * 1000, () => {
      this.#late.delete(events);
      this.#send(events);
    });
    this.#late.set(events, callOff);
  }

  hold(events: Event[], reordering: Reordering): void {
    const held = this.#held.get(reordering) ?? {
      events: [],
      timer: setTimeout(() => this.#release(reordering), LONGEST_HOLD_MS).unref(),
    };
    this.#held.set(reordering, held);
    held.events.unshift(...events);
    if (reordering.count === 0) this.#release(reordering);
  }

  /** Sends all of them now. */
  releaseAll(): void {
    for (const reordering of this.#held.keys()) this.#release(reordering);
    for (const [events, callOff] of this.#late) {
      callOff();
      this.#send(events);
    }
    this.#late.clear();
  }

  /** Sends none of them any more. */
  close(): void {
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    for (const callOff of this.#late.values()) callOff();
  }

  #release(reordering: Reordering): void {
    const held = this.#held.get(reordering);
    if (!held) return;
    this.#held.delete(reordering);
    clearTimeout(held.timer);
    this.#faults.endReordering(reordering);
    this.#send(held.events);
  }
}
