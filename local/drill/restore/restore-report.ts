import { commit } from '../../tier/commit.ts';
import { keepFigures } from '../../tier/keep-figures.ts';
import type { Step } from './steps.ts';

/** From the first command to the verified deployment, its making included. */
export const TARGET_MINUTES = 30;

/** `restoreSeconds`: from the loss to every experiment and bundle verified. */
export type RestoreReport = {
  pass: boolean;
  minutes: number;
  targetMinutes: number;
  restoreSeconds: number;
  steps: readonly Step[];
};

export const reportOf = (steps: readonly Step[], minutes: number, restoreSeconds: number): RestoreReport => ({
  pass: steps.every(({ pass }) => pass) && minutes <= TARGET_MINUTES,
  minutes,
  targetMinutes: TARGET_MINUTES,
  restoreSeconds,
  steps,
});

/** The last line for a terminal. */
export const lineOf = ({ pass, minutes, targetMinutes, restoreSeconds, steps }: RestoreReport): string => {
  const passed = steps.filter((step) => step.pass).length;
  const filled = steps.filter((step) => step.filled !== null).length;
  return `${pass ? 'pass' : 'FAIL'}  ${passed} of ${steps.length} steps passed in ${minutes} minutes (at most ${targetMinutes}), ${filled} of them filled in; from the loss to verified: ${restoreSeconds} s. The steps are in .spotforge/drill-restore.json.`;
};

export const keepReport = (report: RestoreReport): void => {
  const stamp = { commit: commit().slice(0, 7), date: new Date().toISOString().slice(0, 10) };
  keepFigures('drill-restore', { ...report, ...stamp });
};
