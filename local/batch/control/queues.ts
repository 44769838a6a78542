import { z } from 'zod';
import { mustFind } from '../operations/lookup.ts';
import { parse } from '../wire/parse.ts';
import type { Route } from './route.ts';

const capacity = z.strictObject({ queue: z.string().min(1), available: z.boolean() });

export const queueRoutes: Record<string, Route> = {
  'POST /_spotforge/queues/capacity': ({ store, jobs, faults }, body) => {
    const { queue, available } = parse('queues/capacity', capacity, body);
    const { jobQueueArn } = mustFind(store.resources, 'jobQueues', queue, 'Job queue');
    faults.setCapacity(jobQueueArn, available);
    jobs.schedule();
    return { queue: jobQueueArn, available };
  },
};
