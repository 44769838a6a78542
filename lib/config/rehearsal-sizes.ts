import type { Rehearsal } from '../../functions/shared/contracts/names.ts';
import type { LadderQueue } from './queues.ts';

/** A rehearsal that a reclaimed host cuts short tells nothing; four hours a year cost cents. */
export const REHEARSAL_QUEUE: LadderQueue = 'cpu-on-demand';

/** Half an hour is ten times what a model of some hundred million parameters takes. */
const SIZE = { vcpus: 2, gpus: 0, sharedMemoryMiB: 64, attemptDurationSeconds: 1800 } as const;
export const REHEARSAL_SIZES: Record<Rehearsal, typeof SIZE & { memoryMiB: number }> = {
  restore: { ...SIZE, memoryMiB: 7 * 1024 }, // weights, gradients and optimiser, on a *.large of 8 GiB
  rollback: { ...SIZE, memoryMiB: 4 * 1024 },
  upgrade: { ...SIZE, memoryMiB: 4 * 1024 },
};
