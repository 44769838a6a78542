import type { ExperimentStatus } from '../shared/contracts/experiment-view.ts';
import { IllegalTransition } from '../shared/errors.ts';

/** Which status may follow which. A resume is the only way back to `queued`; nothing leaves `succeeded` or `rejected`. */
export const LEGAL_TRANSITIONS = {
  queued: ['running', 'cancelling'],
  running: ['succeeded', 'failed', 'rejected', 'cancelling'],
  cancelling: ['cancelled'],
  failed: ['queued'],
  cancelled: ['queued'],
  succeeded: [],
  rejected: [],
} as const satisfies Record<ExperimentStatus, readonly ExperimentStatus[]>;

export const isLegalTransition = (from: ExperimentStatus, to: ExperimentStatus): boolean =>
  LEGAL_TRANSITIONS[from].some((status) => status === to);

/** @throws IllegalTransition naming both */
export const assertLegalTransition = (from: ExperimentStatus, to: ExperimentStatus): void => {
  if (!isLegalTransition(from, to)) throw new IllegalTransition(from, to);
};
