import { z } from 'zod';
import { jobStatus } from '../wire/jobs.ts';
import { parse } from '../wire/parse.ts';
import type { Route } from './route.ts';
import { ruleMembers } from './rule-members.ts';

const events = { ...ruleMembers, statuses: z.array(jobStatus).default([]) };
const someEvents = z.strictObject(events);
const lateEvents = z.strictObject({ ...events, seconds: z.number().positive() });
/** One event alone cannot change its place. */
const reordered = z.strictObject({ ...ruleMembers, count: z.int().min(2).max(10).default(2) });

export const eventRoutes: Record<string, Route> = {
  'POST /_spotforge/events/drop': ({ faults }, body) => {
    faults.plant('events/drop', parse('events/drop', someEvents, body));
    return {};
  },
  'POST /_spotforge/events/double': ({ faults }, body) => {
    faults.plant('events/double', parse('events/double', someEvents, body));
    return {};
  },
  'POST /_spotforge/events/delay': ({ faults }, body) => {
    faults.plant('events/delay', parse('events/delay', lateEvents, body));
    return {};
  },
  'POST /_spotforge/events/reorder': ({ faults }, body) => {
    faults.plant('events/reorder', parse('events/reorder', reordered, body));
    return {};
  },
};
