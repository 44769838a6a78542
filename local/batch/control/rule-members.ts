import { z } from 'zod';

/** What every rule for coming jobs says: whose, and how often. */
export const ruleMembers = { jobNamePattern: z.string().min(1), count: z.int().positive().default(1) };
