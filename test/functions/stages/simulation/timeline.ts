import { NOW } from '../a-job.ts';

type Entry = { time: number; run: () => void | Promise<void>; waitedFor: boolean };

/** The simulated time and what is still to happen in it. Times are milliseconds since 1970. */
export class Timeline {
  now = NOW.getTime();
  /** Things to come that are not mere deadlines and ticks. */
  awaited = 0;
  private readonly entries: Entry[] = [];

  /** Something that happens after so many seconds; of two at one time, first the one that was planned first. */
  after(seconds: number, run: Entry['run'], waitedFor = true): void {
    const time = this.now + Math.round(seconds * 1000);
    let place = this.entries.length;
    // The earliest comes last, where it can be taken off cheaply.
    while (place > 0 && (this.entries[place - 1]?.time ?? 0) <= time) place--;
    this.entries.splice(place, 0, { time, run, waitedFor });
    if (waitedFor) this.awaited++;
  }

  /** Lets the next thing happen. @returns false when nothing is to come until then */
  async step(until = Number.POSITIVE_INFINITY): Promise<boolean> {
    const next = this.entries.at(-1);
    if (!next || next.time > until) return false;
    this.entries.pop();
    if (next.waitedFor) this.awaited--;
    this.now = Math.max(this.now, next.time);
    const running = next.run();
    if (running) await running;
    return true;
  }
}
