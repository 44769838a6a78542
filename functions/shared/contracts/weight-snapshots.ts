import * as z from 'zod';
import { count, schemaVersion, sha256 } from './primitives.ts';

/** `weight-snapshots.json` of the train stage: the model's weights at a few steps on the way, which expire with the checkpoints. */
export const weightSnapshots = z
  .strictObject({
    schemaVersion,
    lastStep: count.describe('of the model itself'),
    snapshots: z
      .array(
        z
          .strictObject({ step: count, bucket: z.string().min(3), key: z.string().min(1), bytes: count, sha256 })
          .meta({ id: 'WeightSnapshot' }),
      )
      .describe('rising by step, all before the last one'),
    notes: z.array(z.string()).describe('what was not kept, and why'),
  })
  .meta({ id: 'WeightSnapshots' });
