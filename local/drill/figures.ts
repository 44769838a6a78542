import type { AttemptView } from '../../functions/shared/contracts/experiment-view.ts';
import type { StageProgress } from '../../functions/shared/contracts/stage-documents.ts';
import type { Experiment } from '../client/api-types.ts';

/** How far an attempt of train was when we saw it, in epoch milliseconds of our clock: the container's may be wrong. */
export type Sample = { at: number; attempt: number; step: number };

export const sampleOf = ({ attempt, step }: StageProgress, at: number): Sample => ({ at, attempt, step });

export type WorkLost = { lostSteps: number; lostSeconds: number };

/**
 * Work that the resumed attempt did again: steps of the killed one beyond the step that it resumed from, and the seconds in which they were
 * done. What was done after the last report, which is two seconds old at most, is not known.
 */
export const workLost = (samples: readonly Sample[], killed: AttemptView, resumedFrom: number): WorkLost => {
  const own = samples.filter(({ attempt }) => attempt === killed.attempt).sort((a, b) => a.step - b.step || a.at - b.at);
  const most = own.at(-1)?.step ?? 0;
  const last = own.find(({ step }) => step === most);
  if (!last || most <= resumedFrom) return { lostSteps: 0, lostSeconds: 0 };
  return { lostSteps: most - resumedFrom, lostSeconds: Math.max(0, seconds(last.at - instantOf(own, resumedFrom))) };
};

/** When a step was reached, on the line between the reports around it. */
const instantOf = (samples: readonly Sample[], step: number): number => {
  const after = samples.find((sample) => sample.step > step);
  const before = samples.findLast((sample) => sample.step <= step);
  if (!after || !before) return after?.at ?? before?.at ?? 0;
  return before.at + ((after.at - before.at) * (step - before.step)) / (after.step - before.step);
};

export type Recovery = {
  /** Fault to the first new training step; for other stages, and where none follows, to the next process start. */
  recoverySeconds: number | null;
  /** Fault to the next process start. */
  restartSeconds: number | null;
  /**
   * What training's recovery took beyond a process start and the wait for one of this machine's few slots: `recoverySeconds` without what
   * the next job waited in its queue and without what the attempt before needed from its start to its first step.
   */
  beyondStartSeconds: number | null;
};

export const NO_RECOVERY: Recovery = { recoverySeconds: null, restartSeconds: null, beyondStartSeconds: null };

type Started = { attempt: number; createdAt: number; startedAt: number };

/** Process start to the first report of a step beyond `step`, in milliseconds. */
const untilStepBeyond = (samples: readonly Sample[], { attempt, startedAt }: Started, step: number): number | undefined => {
  const own = samples.filter((sample) => sample.attempt === attempt && sample.step > step).map(({ at }) => at);
  return own.length === 0 ? undefined : Math.min(...own) - startedAt;
};

/** How long it took from a fault until the work went on; null where it was not to go on. */
export const recoveryOf = (experiment: Experiment, samples: readonly Sample[], faultAt: number): Recovery => {
  const started = experiment.attempts.flatMap(({ stage, attempt, createdAt, startedAt }) =>
    startedAt === null
      ? []
      : [{ stage, attempt, startedAt: Date.parse(startedAt), createdAt: Date.parse(createdAt ?? startedAt) }],
  );
  const next = started.find(({ startedAt }) => startedAt > faultAt);
  if (!next) return NO_RECOVERY;
  const restart = next.startedAt - faultAt;
  const before = started.findLast(({ stage, startedAt }) => stage === 'train' && startedAt <= faultAt);
  const start = before && untilStepBeyond(samples, before, 0);
  const resumed = next.stage === 'train' && untilStepBeyond(samples, next, experiment.stages.train?.resumedFromStep ?? 0);
  if (!resumed) return { ...NO_RECOVERY, recoverySeconds: seconds(restart), restartSeconds: seconds(restart) };
  const queued = next.startedAt - Math.max(next.createdAt, faultAt);
  return {
    recoverySeconds: seconds(restart + resumed),
    restartSeconds: seconds(restart),
    beyondStartSeconds: start === undefined ? null : seconds(Math.max(0, restart - queued + resumed - start)),
  };
};

export const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
