import type { ExperimentStatus } from '../../functions/shared/contracts/experiment-view.ts';
import type { StageError } from '../../functions/shared/contracts/names.ts';
import { NO_RECOVERY, type Recovery, type WorkLost } from './figures.ts';
import { BOUNDS, type Expected, type Row } from './matrix.ts';

/** What came of the experiment of a row. */
export type Seen = WorkLost &
  Recovery & {
    experimentId: string;
    status: ExperimentStatus;
    errors: StageError[];
    /** How it ended once more after it was resumed; null when it was not. */
    resumedStatus: ExperimentStatus | null;
    /** Why it failed, if it did. */
    message: string | null;
    /** Of the stage under fault. */
    attempts: number;
    /** SHA-256 of the trained weights. */
    weights: string | null;
    orphans: string[];
    /** From submission to the end of the look for orphans. */
    seconds: number;
  };

/** A row of `.spotforge/drill.json`. */
export type RowReport = WorkLost &
  Recovery & {
    fault: string;
    variant: string | null;
    stage: string;
    experimentId: string | null;
    expected: string;
    actual: string;
    pass: boolean;
    /** Why not. */
    problems: string[];
    attempts: number;
    orphans: number;
    seconds: number;
  };

const NOTHING = { lostSteps: 0, lostSeconds: 0, ...NO_RECOVERY };

type Ending = Pick<Expected, 'errors'> & { status: string; resumedStatus: string | null };

const sentence = ({ status, errors, resumedStatus }: Ending): string =>
  [
    status,
    ...(errors.length === 0 ? [] : [` after ${errors.map((error) => error.replace('Stage.', '')).join(', ')}`]),
    ...(resumedStatus === null ? [] : [`, resumed: ${resumedStatus}`]),
  ].join('');

const expectation = ({ status, errors, resumed }: Expected): string =>
  sentence({ status, errors, resumedStatus: resumed ? 'succeeded' : null });

/** Compares what came of a row with what must. `reference`: weights of the run in which nothing went wrong. */
export const judge = ({ fault, variant, stage, expected }: Row, seen: Seen, reference: string | null): RowReport => {
  const { status, errors, resumedStatus, message, weights, orphans, ...figures } = seen;
  const actual = sentence(seen);
  const same = weights !== null && weights === reference;
  const mayLose = BOUNDS.lostSeconds * Math.max(1, errors.length);
  const problems = [
    ...(actual === expectation(expected) ? [] : [`ended ${actual}${message ? ` (${message})` : ''}`]),
    ...(expected.sameWeights && !same ? ['its weights are not those of an undisturbed run'] : []),
    ...(figures.lostSeconds > mayLose ? [`${figures.lostSeconds} s of work were lost, at most ${mayLose}`] : []),
    // Where somebody has to resume it, what comes between is his.
    ...(errors.includes('Stage.Interrupted') && !expected.resumed && (figures.beyondStartSeconds ?? 0) > BOUNDS.beyondStartSeconds
      ? [`${figures.beyondStartSeconds} s to the first new step beyond a process start, at most ${BOUNDS.beyondStartSeconds}`]
      : []),
    ...orphans.map((orphan) => `left behind: ${orphan}`),
  ];
  return {
    fault,
    variant: variant ?? null,
    stage,
    ...figures,
    expected: expectation(expected) + (expected.sameWeights ? ', same weights' : ''),
    actual: actual + (expected.sameWeights && same ? ', same weights' : ''),
    pass: problems.length === 0,
    problems,
    orphans: orphans.length,
  };
};

/** A row whose experiment could not be run to its end. */
export const broken = ({ fault, variant, stage, expected }: Row, error: unknown, seconds: number): RowReport => ({
  fault,
  variant: variant ?? null,
  stage,
  experimentId: null,
  expected: expectation(expected),
  actual: 'the drill broke',
  pass: false,
  problems: [error instanceof Error ? error.message : String(error)],
  attempts: 0,
  ...NOTHING,
  orphans: 0,
  seconds,
});
