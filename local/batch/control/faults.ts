import { z } from 'zod';
import { parse } from '../wire/parse.ts';
import type { ControlRoutes, Route } from './route.ts';

const setClock = z.strictObject({ timeScale: z.number().positive() });

export const faultRoutes: Record<string, Route> = {
  'POST /_spotforge/clock': ({ clock }, body) => {
    clock.setScale(parse('clock', setClock, body).timeScale);
    return { timeScale: clock.scale };
  },
  'GET /_spotforge/faults': (routes) => planted(routes),
  // Events that a fault holds back go out now.
  'DELETE /_spotforge/faults': (routes) => {
    const { faults, emitter, clock, jobs } = routes;
    faults.forgetAll();
    emitter.releaseDetours();
    clock.reset();
    jobs.schedule();
    return planted(routes);
  },
};

const planted = ({ faults, clock }: ControlRoutes): object => ({ ...faults.list(), timeScale: clock.scale });
