import type { Chance } from './chance.ts';
import type { Timeline } from './timeline.ts';
import type { Weather } from './weather.ts';

const aws = (name: string): Error => Object.assign(new Error(name), { name });

/** What can befall a call. The function dies before or after it, AWS refuses it or its answer is lost, or it takes its time. */
const MISHAPS = [
  'the function dies before it',
  'the function dies after it',
  'it is refused',
  'its answer is lost',
  'it is slow',
  'its answer is slow',
] as const;

const never = new Promise<never>(() => {});
/** Until every promise that can go on has gone on: nothing here waits for the real outside. */
const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * One invocation of a function. Every call that it makes to the outside goes through `call`, where it may be delayed, refused or be the
 * function's last: so that others run between any two of its calls, with what it read growing old.
 */
export class Invocation {
  private calls = 0;
  private dead = false;
  private stopped: () => void = () => {};
  private die: () => void = () => {};
  private readonly name: string;
  private readonly chance: Chance;
  private readonly timeline: Timeline;
  private readonly weather: Weather;
  private readonly log: (line: string) => void;
  /** The number of the call that goes wrong. */
  private readonly unlucky: number;

  /** @param usualCalls how many calls such an invocation makes, so that each of them goes wrong as often as the others */
  constructor(
    name: string,
    usualCalls: number,
    chance: Chance,
    timeline: Timeline,
    weather: Weather,
    log: (line: string) => void,
  ) {
    this.name = name;
    this.chance = chance;
    this.timeline = timeline;
    this.weather = weather;
    this.log = log;
    const struck = chance.at(`${name} is struck`) < weather.call;
    this.unlucky = struck ? 1 + Math.floor(chance.at(`${name} is struck at`) * usualCalls) : 0;
  }

  /** Runs the function until it is through, dead, or waiting for a slow call. `over` is told how it ended, perhaps later. */
  async run(work: () => Promise<unknown>, over: (outcome: 'done' | 'failed') => void): Promise<void> {
    const stops = new Promise<void>((resolve) => {
      this.stopped = resolve;
    });
    this.timeline.awaited++;
    const end = (outcome: 'done' | 'failed'): void => {
      if (this.dead) return;
      this.dead = true;
      this.timeline.awaited--;
      over(outcome);
      this.stopped();
    };
    this.die = () => end('failed');
    work().then(
      () => end('done'),
      (error: Error) => {
        this.log(`${this.name}: failed with ${error.name}: ${error.message}`);
        end('failed');
      },
    );
    await stops;
    if (!this.dead) await drained();
  }

  /** One call to the outside; `effect` is what the outside does. */
  async call<T>(what: string, effect: () => T): Promise<T> {
    if (this.dead) return never;
    this.calls++;
    if (this.calls !== this.unlucky || this.timeline.now >= this.weather.until) return effect();
    const name = `${this.name}, call ${this.calls} (${what})`;
    const mishap = this.chance.misfortune(name, MISHAPS, 1);
    switch (mishap) {
      case undefined:
        return effect();
      case 'the function dies before it':
        this.die();
        return never;
      case 'the function dies after it':
        effect();
        this.die();
        return never;
      case 'it is refused':
        throw aws('ThrottlingException');
      case 'its answer is lost':
        effect();
        throw aws('TimeoutError');
      case 'it is slow':
        await this.pause(name);
        return effect();
      case 'its answer is slow': {
        const answer = effect();
        await this.pause(name);
        return answer;
      }
    }
  }

  /** Lets others run for up to two minutes. */
  private pause(name: string): Promise<void> {
    const pausing = new Promise<void>((resolve) => {
      this.timeline.after(this.chance.between(0.1, 120, `${name} pause`), () => {
        resolve();
        return drained();
      });
    });
    this.stopped();
    return pausing;
  }
}
