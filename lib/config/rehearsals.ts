import * as z from 'zod';
import { upgradeChoice } from '../../functions/shared/contracts/rehearsal.ts';

/** What is rehearsed each quarter, as far as somebody may want it otherwise. */
export const rehearsals = z
  .strictObject({
    /** The package that the upgrade moves; without a version to the newest there is. Every answer of a released model comes out of this one. */
    upgrade: upgradeChoice.prefault({ package: 'onnxruntime' }),
    /** Lets AWS FIS reclaim one `gpu-spot` host first: whatever trains there is interrupted and goes on elsewhere. Not yet run on AWS. */
    interruptSpotHost: z.boolean().default(false),
  })
  .prefault({});
