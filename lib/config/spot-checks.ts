import * as z from 'zod';
import type { LadderQueue } from './queues.ts';

/** A reclaimed host costs the night's second try, which is on demand. */
export const SPOT_CHECK_QUEUES = ['cpu-spot', 'cpu-on-demand'] as const satisfies readonly LadderQueue[];

/** Twenty models of a hundred million parameters are downloaded and asked in ten minutes; half an hour is a bound, not a guess. */
export const SPOT_CHECK_SIZE = {
  vcpus: 2,
  gpus: 0,
  sharedMemoryMiB: 64,
  memoryMiB: 4 * 1024,
  attemptDurationSeconds: 1800,
} as const;

/** Whether released models are asked each night if they still answer as they did. */
export const spotChecks = z
  .strictObject({
    nightly: z
      .boolean()
      .default(true)
      .describe(
        'Asks the newest version of each released model, each night at 04:00 UTC, and alarms when one answers otherwise than when it was released. On: some minutes of a spot instance, half a dollar a month with its alarm, against a drift that nobody would see. Off: the state machine is there to be started by hand.',
      ),
    models: z
      .int()
      .min(1)
      .max(50)
      .default(20)
      .describe('How many models a spot check looks at, those released last first. More would not end in half an hour.'),
    alarmTopic: z
      .string()
      .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$/, 'expected the ARN of an SNS topic')
      .optional()
      .describe(
        'A topic of yours that the alarm tells. None: the alarm shows in CloudWatch, and as an event on the account’s default bus.',
      ),
  })
  .prefault({});
