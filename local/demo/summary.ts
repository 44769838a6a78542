import { STAGES } from '../../functions/shared/contracts/names.ts';
import type { Experiment } from '../client/api-types.ts';
import { costOf, type DemoFigures } from './figures.ts';
import type { Interruption } from './interrupt-training.ts';
import type { Answer } from './score-texts.ts';

const percent = (value: number, digits = 1): string => `${(value * 100).toFixed(digits)} %`;
const row = (name: string, text: string): string => `  ${name.padEnd(12)}${text}`;

/** What the demo ends with, for a person. */
export const summaryOf = (
  experiment: Experiment,
  figures: DemoFigures,
  { model, scores }: Answer,
  interruption?: Interruption,
): string => {
  const cost = costOf(experiment);
  const { ingest, prepare, benchmark, bundle } = experiment.stages;
  const below = 1 - figures.mae / figures.baselineMae;
  const stages = STAGES.map((stage) => `${stage} ${(figures.stageSeconds[stage] ?? 0).toFixed(1)}`).join(' · ');
  return [
    '',
    `Experiment ${experiment.id}: ${experiment.status}`,
    row('dataset', `${experiment.spec.dataset.name}, ${prepare?.rows} rows, SHA-256 ${ingest?.datasetSha256}`),
    row(
      'quality',
      `MAE ${figures.mae.toFixed(3)} classes, ${percent(below)} below the median class (${figures.baselineMae.toFixed(3)})`,
    ),
    row(
      'parity',
      `${figures.parityRows} rows, largest |Δlogit| ${figures.parityMaxAbs.toExponential(2)}, ${percent(figures.parityMaxRatio)} of what is allowed`,
    ),
    row(
      'INT8',
      `${figures.int8SpeedupBatch1.toFixed(2)}× at batch 1, ${figures.int8SpeedupBatch8.toFixed(2)}× at batch 8 against FP32 on ${benchmark?.cpuModel}`,
    ),
    row(
      '',
      `MAE of the expected score ${signed(figures.int8MaeChange)}, mean |Δ expected score|/(K−1) ${figures.int8MeanAbsScoreDelta.toFixed(4)}`,
    ),
    row('', `${benchmark?.candidate}, ${benchmark?.int8Verdict}: ${benchmark?.reason}`),
    row('stages (s)', stages),
    row('overhead', `${figures.overheadSeconds.toFixed(1)} s from POST to the final status beside the stages`),
    row(
      'cost',
      `these seconds on ${cost.instanceType}: $${cost.spot.toFixed(4)} spot, $${cost.onDemand.toFixed(4)} on demand (${cost.region}, ${cost.asOf})`,
    ),
    ...(interruption ? interruptionRows(interruption) : []),
    row('bundle', figures.bundleUri),
    row('', `SHA-256 ${figures.bundleSha256}, version ${bundle?.version}, downloaded and verified`),
    '',
    `The bundle's preferred model, ${model.toUpperCase()}, says:`,
    ...scores.map(
      ({ text, name, expectedValue }) => `  ${name.padStart(3)}  (expected ${expectedValue.toFixed(2).padStart(5)})  ${text}`,
    ),
    '',
    `Done in ${figures.wallSeconds.toFixed(0)} s (set-up ${figures.setupSeconds.toFixed(0)} s). The figures are in .spotforge/demo.json.`,
    'Next:',
    '  npm run local:up     keep the tier running and talk to its API',
    '  npm run serve        ask this model over HTTP',
    '  npm test             every check and suite',
    '  npx cdk deploy --all the same assembly, to your AWS account',
  ].join('\n');
};

/** What a reclaimed training host cost. */
export const interruptionRows = ({
  reclaimedAtStep,
  resumedFromStep,
  lostSteps,
  recoverySeconds,
  queue,
}: Interruption): string[] => [
  row(
    'interrupt',
    `training's host was reclaimed at step ${reclaimedAtStep} and left at a checkpoint of step ${resumedFromStep}`,
  ),
  row(
    '',
    `it went on from there on ${queue}: ${lostSteps} steps done again${recoverySeconds === null ? '' : `, ${recoverySeconds.toFixed(1)} s from the notice to the next new step`}`,
  ),
];

const signed = (change: number): string => `${change >= 0 ? '+' : '−'}${percent(Math.abs(change), 2)}`;

/** Why an experiment did not succeed, in the words of its failure record. */
export const failureOf = ({ id, status, failure }: Experiment): string => {
  if (!failure) return `Experiment ${id} ended ${status}.`;
  const where = failure.where ? ` (${failure.where})` : '';
  const stage = failure.stage ? ` in ${failure.stage}` : '';
  return [`Experiment ${id} ended ${status}${stage}: ${failure.message}${where}`, failure.remedy ?? ''].join('\n').trim();
};
