import type { Chance } from './chance.ts';

/** How likely each misfortune is in one history. */
export type Weather = {
  /** Of an invocation that one of its calls goes wrong; the other rates are of an event, a look at Batch or Step Functions, a tick. */
  call: number;
  lost: number;
  doubled: number;
  late: number;
  view: number;
  tick: number;
  /** Misfortunes come to an end at this time (milliseconds since 1970). */
  until: number;
};

/** Some histories have hardly any weather, some lose every event, some have all of it at once. */
export const weatherOf = (chance: Chance, now: number): Weather => {
  const often = (what: string, ...rates: number[]): number => chance.pick(rates, `how often ${what}`);
  return {
    call: often('calls fail', 0, 0.1, 0.3, 0.6),
    lost: often('events are lost', 0, 0.1, 0.3, 1),
    doubled: often('events are doubled', 0, 0.1, 0.5),
    late: often('events are late', 0, 0.2, 0.5),
    view: often('views are wrong', 0, 0.1, 0.4),
    tick: often('ticks fail to come', 0, 0.1, 0.5),
    until: now + 1000 * 10 ** chance.between(1, 3.4, 'how long'),
  };
};
