import type { StageProgress } from '../../functions/shared/contracts/stage-documents.ts';
import type { Experiment } from '../client/api-types.ts';

/** How far an attempt of train was when we saw it, in epoch milliseconds of our clock: the container's may be wrong. */
export type Sample = { at: number; run: number; attempt: number; step: number; resumedFrom: number };

export const sampleOf = ({ run, attempt, step, metrics }: StageProgress, at: number): Sample => ({
  at,
  run,
  attempt,
  step,
  resumedFrom: metrics.resumedFromStep ?? 0,
});

export type WorkLost = { lostSteps: number; lostSeconds: number };

const ofAttempt = (samples: readonly Sample[], { run, attempt }: Pick<Sample, 'run' | 'attempt'>): Sample[] =>
  samples.filter((sample) => sample.run === run && sample.attempt === attempt).sort((a, b) => a.step - b.step || a.at - b.at);

/**
 * Work that resumed attempts did again: steps of the attempt before beyond the step that was resumed from, and the seconds in which they
 * were done. What was done after the last report, which is two seconds old at most, is not known.
 */
export const workLost = (samples: readonly Sample[]): WorkLost => {
  const attempts = attemptsThatTrained(samples);
  const lost = attempts.slice(1).map((next, index) => lostBetween(attempts[index] ?? [], resumedFrom(next)));
  return {
    lostSteps: lost.reduce((sum, { lostSteps }) => sum + lostSteps, 0),
    lostSeconds: seconds(lost.reduce((sum, { lostSeconds }) => sum + lostSeconds * 1000, 0)),
  };
};

/** Samples by attempt, in the order of the attempts. What reads or imports only, and ends in that, has nothing to lose. */
const attemptsThatTrained = (samples: readonly Sample[]): Sample[][] => {
  const steps = samples.filter(({ step }) => step > 0).sort((a, b) => a.run - b.run || a.attempt - b.attempt);
  const isNew = ({ run, attempt }: Sample, index: number): boolean =>
    run !== steps[index - 1]?.run || attempt !== steps[index - 1]?.attempt;
  return steps.filter(isNew).map((first) => ofAttempt(samples, first));
};

/** It is told from the first step on only. */
const resumedFrom = (samples: readonly Sample[]): number => Math.max(...samples.map((sample) => sample.resumedFrom));

const lostBetween = (killed: readonly Sample[], from: number): WorkLost => {
  const most = killed.at(-1)?.step ?? 0;
  const last = killed.find(({ step }) => step === most);
  if (!last || most <= from) return { lostSteps: 0, lostSeconds: 0 };
  return { lostSteps: most - from, lostSeconds: Math.max(0, seconds(last.at - instantOf(killed, from))) };
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

type Started = { run: number; attempt: number; createdAt: number; startedAt: number };

/** Process start to the first report of a new step, in milliseconds. */
const untilNewStep = (samples: readonly Sample[], started: Started): number | undefined => {
  const own = ofAttempt(samples, started).filter(({ step, resumedFrom }) => step > resumedFrom);
  return own.length === 0 ? undefined : Math.min(...own.map(({ at }) => at)) - started.startedAt;
};

/** How long it took from a fault until the work went on; null where it was not to go on. */
export const recoveryOf = (experiment: Experiment, samples: readonly Sample[], faultAt: number): Recovery => {
  const started = experiment.attempts.flatMap(({ run, stage, attempt, createdAt, startedAt }) =>
    startedAt === null
      ? []
      : [{ run, stage, attempt, startedAt: Date.parse(startedAt), createdAt: Date.parse(createdAt ?? startedAt) }],
  );
  const next = started.find(({ startedAt }) => startedAt > faultAt);
  if (!next) return NO_RECOVERY;
  const restart = next.startedAt - faultAt;
  const before = started.findLast(({ stage, startedAt }) => stage === 'train' && startedAt <= faultAt);
  const start = before && untilNewStep(samples, before);
  const resumed = next.stage === 'train' && untilNewStep(samples, next);
  if (!resumed) return { ...NO_RECOVERY, recoverySeconds: seconds(restart), restartSeconds: seconds(restart) };
  const queued = next.startedAt - Math.max(next.createdAt, faultAt);
  return {
    recoverySeconds: seconds(restart + resumed),
    restartSeconds: seconds(restart),
    beyondStartSeconds: start === undefined ? null : seconds(Math.max(0, restart - queued + resumed - start)),
  };
};

export const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
