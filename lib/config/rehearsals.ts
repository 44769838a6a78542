import * as z from 'zod';
import { upgradeChoice } from '../../functions/shared/contracts/rehearsal.ts';

/** What is rehearsed each quarter, as far as somebody may want it otherwise. */
export const rehearsals = z
  .strictObject({
    upgrade: upgradeChoice
      .prefault({ package: 'onnxruntime' })
      .describe(
        'The package that the quarterly upgrade moves, and to which version; without one to the newest there is. Every answer of a released model comes out of this one.',
      ),
    interruptSpotHost: z
      .boolean()
      .default(false)
      .describe(
        'Lets AWS FIS reclaim one `gpu-spot` host first: whatever trains there is interrupted and goes on elsewhere. Off: it costs whoever is training a restart. Not yet run on AWS.',
      ),
  })
  .prefault({});
