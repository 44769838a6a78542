import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Experiment } from '../client/api-types.ts';

const BAR = 20;
const NAME = Math.max(...STAGES.map((stage) => stage.length));

export const bar = (fraction: number): string => {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * BAR);
  return '█'.repeat(filled) + '░'.repeat(BAR - filled);
};

export const clock = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

/** What a finished stage has to tell, in a few words. */
const results: { [S in Stage]: (summary: NonNullable<Experiment['stages'][S]>) => string } = {
  ingest: ({ datasetVersion, datasetBytes }) => `version ${datasetVersion}, ${(datasetBytes / 1e6).toFixed(1)} MB`,
  prepare: (s) => `${s.trainRows} train, ${s.validationRows} validation, ${s.testRows} test rows; ${s.rejectedRows} rejected`,
  train: ({ mae, baselineMae }) => `MAE ${mae.toFixed(3)} against ${baselineMae.toFixed(3)} of the median class`,
  export: ({ opset, bytes }) => `ONNX opset ${opset}, ${(bytes / 1e6).toFixed(0)} MB`,
  parity: ({ rows, maxAbs }) => `${rows} rows, largest difference ${maxAbs.toExponential(1)}`,
  quantize: ({ bytes, fp32Bytes }) => `INT8, ${(bytes / 1e6).toFixed(0)} MB of ${(fp32Bytes / 1e6).toFixed(0)} MB`,
  benchmark: (s) => `INT8 ${s.speedupBatch1.toFixed(2)}× at batch 1, ${s.speedupBatch8.toFixed(2)}× at batch 8`,
  bundle: ({ version, bytes }) => `version ${version}, ${(bytes / 1e6).toFixed(0)} MB`,
};

const resultOf = <S extends Stage>(experiment: Experiment, stage: S): string | undefined => {
  const summary = experiment.stages[stage];
  return summary ? results[stage](summary as NonNullable<Experiment['stages'][S]>) : undefined;
};

/** Seconds since the stage's first process started, up to its last one's exit or now. */
const elapsed = (experiment: Experiment, stage: Stage, now: number): number | undefined => {
  const attempts = experiment.attempts.filter((attempt) => attempt.stage === stage);
  const from = attempts[0]?.startedAt;
  if (!from) return undefined;
  const to = attempts.at(-1)?.stoppedAt;
  return ((to ? Date.parse(to) : now) - Date.parse(from)) / 1000;
};

export const isDone = (experiment: Experiment, stage: Stage): boolean => experiment.stages[stage] !== undefined;

/** One stage as one line: name, bar, fraction, loss when there is one, what it does or found, time. */
export const stageLine = (experiment: Experiment | undefined, stage: Stage, now: number): string => {
  const name = stage.padEnd(NAME);
  if (!experiment) return name;
  const seconds = elapsed(experiment, stage, now);
  const time = seconds === undefined ? '' : clock(seconds);
  const result = resultOf(experiment, stage);
  if (result !== undefined) return `${name}  ${bar(1)} 100 %  ${time.padStart(4)}  ${result}`;
  const { progress, waiting } = experiment;
  if (progress?.stage === stage) {
    const loss = progress.metrics.loss === undefined ? '' : `loss ${progress.metrics.loss.toFixed(3)}  `;
    const percent = `${Math.round(progress.fraction * 100)} %`.padStart(5);
    const again = progress.attempt > 1 ? `attempt ${progress.attempt}: ` : '';
    return `${name}  ${bar(progress.fraction)} ${percent}  ${time.padStart(4)}  ${again}${loss}${progress.message}`;
  }
  if (seconds !== undefined) return `${name}  ${bar(0)}   0 %  ${time.padStart(4)}  starting`;
  return waiting && experiment.stage === stage ? `${name}  waiting: ${waiting.reason}` : name;
};
