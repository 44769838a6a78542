import type { Limits } from '../../../../functions/stages/reconcile.ts';
import { byStage } from '../../an-experiment.ts';

/** Short ones, so that a history is over soon; their order is that of the real ones, which the synth asserts. */
export const LIMITS: Limits = { hangSeconds: byStage(() => 240), startAfterSeconds: 60 };
/** After this long without a machine the head of a queue is given up. */
export const CAPACITY_SECONDS = 240;
/** Longer than a hang may last. */
export const ATTEMPT_SECONDS = 900;
/** Longer than the queue and the attempt together: what waits behind the head is given up after twice the queue's limit. */
export const TASK_SECONDS = 2 * CAPACITY_SECONDS + ATTEMPT_SECONDS + 300;
