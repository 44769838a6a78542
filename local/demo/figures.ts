import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Experiment } from '../client/api-types.ts';

export type Interval = { from: number; to: number };

/** Length of the union of intervals, in their unit. */
export const unionLength = (intervals: readonly Interval[]): number => {
  let covered = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    covered += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return covered;
};

type Ran = Interval & { stage: Stage };

/** Process start to exit of every attempt, in epoch ms, as the executor saw it. */
const intervalsOf = (experiment: Experiment): Ran[] =>
  experiment.attempts.flatMap(({ stage, startedAt, stoppedAt }) =>
    startedAt === null || stoppedAt === null ? [] : [{ stage, from: Date.parse(startedAt), to: Date.parse(stoppedAt) }],
  );

/** Seconds by stage, all its attempts together. */
export const stageSecondsOf = (experiment: Experiment): Partial<Record<Stage, number>> => {
  const intervals = intervalsOf(experiment);
  const seconds = STAGES.map((stage) => {
    const own = intervals.filter((interval) => interval.stage === stage);
    return [stage, own.length === 0 ? undefined : round(own.reduce((sum, { from, to }) => sum + to - from, 0) / 1000)];
  });
  return Object.fromEntries(seconds.filter(([, value]) => value !== undefined));
};

/** Seconds from the POST to the final status in which no stage's process was running: what the platform costs. */
export const overheadSecondsOf = (experiment: Experiment, postedAt: number): number => {
  if (experiment.endedAt === null) throw new Error(`${experiment.id} has not ended`);
  return round((Date.parse(experiment.endedAt) - postedAt - unionLength(intervalsOf(experiment))) / 1000);
};

const round = (value: number): number => Math.round(value * 1000) / 1000;

export type Cost = { instanceType: string; region: string; asOf: string; spot: number; onDemand: number };

/** What the stages' seconds cost at the prices that the experiment was pinned to, in USD. */
export const costOf = (experiment: Experiment): Cost => {
  const { instanceType, region, asOf, spotPerHour, onDemandPerHour } = experiment.spec.pins.prices;
  const hours = Object.values(stageSecondsOf(experiment)).reduce((sum, seconds) => sum + seconds, 0) / 3600;
  return { instanceType, region, asOf, spot: hours * spotPerHour, onDemand: hours * onDemandPerHour };
};

export type DemoFigures = {
  experimentId: string;
  mae: number;
  baselineMae: number;
  parityMaxAbs: number;
  parityMaxRatio: number;
  parityRows: number;
  int8SpeedupBatch1: number;
  int8SpeedupBatch8: number;
  int8MeanAbsScoreDelta: number;
  int8MaeChange: number;
  setupSeconds: number;
  wallSeconds: number;
  stageSeconds: Partial<Record<Stage, number>>;
  overheadSeconds: number;
  bundleUri: string;
  bundleSha256: string;
};

/** The demo's figures, read off a succeeded experiment. */
export const figuresOf = (
  experiment: Experiment,
  times: { setupSeconds: number; wallSeconds: number; postedAt: number },
): DemoFigures => {
  const { train, parity, benchmark } = experiment.stages;
  if (!train || !parity || !benchmark || !experiment.bundle) {
    throw new Error(`${experiment.id} is ${experiment.status} but lacks figures of train, parity, benchmark or bundle`);
  }
  return {
    experimentId: experiment.id,
    mae: train.mae,
    baselineMae: train.baselineMae,
    parityMaxAbs: parity.maxAbs,
    parityMaxRatio: parity.maxRatio,
    parityRows: parity.rows,
    int8SpeedupBatch1: benchmark.speedupBatch1,
    int8SpeedupBatch8: benchmark.speedupBatch8,
    int8MeanAbsScoreDelta: benchmark.meanAbsScoreDelta,
    int8MaeChange: benchmark.maeChange,
    setupSeconds: times.setupSeconds,
    wallSeconds: round(times.wallSeconds),
    stageSeconds: stageSecondsOf(experiment),
    overheadSeconds: overheadSecondsOf(experiment, times.postedAt),
    bundleUri: experiment.bundle.uri,
    bundleSha256: experiment.bundle.sha256,
  };
};
