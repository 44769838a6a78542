import { randomBytes } from 'node:crypto';
import { TypeID } from 'typeid-js';
import type { ExecutionInput, ResolvedSpec } from '../../functions/shared/contracts/experiment-spec.ts';
import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { ExperimentItem } from '../../functions/shared/table/experiment.ts';

export const anId = (): string => TypeID.fromUUIDBytes('exp', randomBytes(16)).toString();

export const byStage = <T>(value: (stage: Stage) => T): Record<Stage, T> =>
  Object.fromEntries(STAGES.map((stage) => [stage, value(stage)])) as Record<Stage, T>;

export const JOB_DEFINITIONS: ExecutionInput['jobDefinitions'] = byStage(
  (stage) => `arn:aws:batch:us-east-1:000000000000:job-definition/spotforge-${stage}:3`,
);
export const LADDERS: ExecutionInput['ladders'] = byStage(() => [
  'arn:aws:batch:us-east-1:000000000000:job-queue/spotforge-cpu-spot',
]);

export const PRICES: ResolvedSpec['pins']['prices'] = {
  instanceType: 'g6.xlarge',
  currency: 'USD',
  onDemandPerHour: 0.8,
  spotPerHour: 0.3,
  region: 'us-east-1',
  asOf: '2026-11-01',
};

/** A resolved spec as create-experiment freezes it. */
export const aSpec = (changes: Partial<ResolvedSpec> = {}): ResolvedSpec => ({
  schemaVersion: 1,
  experimentId: anId(),
  tenant: 'acme',
  createdAt: '2026-11-22T06:00:00.000Z',
  name: 'first-try',
  task: 'text-ordinal',
  model: { name: 'sentiment', base: 's3://open-models/minilm/' },
  dataset: {
    name: 'ratings',
    source: 's3://open-data/ratings/',
    columns: { text: 'text', label: 'label', group: 'group' },
    labels: { values: [-1, 0, 1] },
    split: { validation: 0.1, test: 0.1, seed: 13 },
  },
  train: {
    head: 'cumulative-link',
    epochs: 2,
    batchSize: 16,
    learningRate: 5e-5,
    layerwiseDecay: 1,
    classWeights: 'none',
    maxLength: 128,
    seed: 13,
    threads: 2,
    precision: 'float32',
    checkpointEverySeconds: 30,
  },
  quantize: { calibrationRows: 200, candidates: ['dynamic'] },
  gates: { parity: { absolute: 1e-5, relative: 1e-5 }, int8: { maxMeanScoreDelta: 0.01, maxMaeIncrease: 0.01, required: false } },
  compute: { profile: 'default', maxAttempts: 3 },
  pins: { gitSha: 'unknown', jobDefinitions: JOB_DEFINITIONS, ladders: LADDERS, prices: PRICES },
  ...changes,
});

/** An experiment as the table holds it. */
export const anExperiment = (changes: Partial<ExperimentItem> = {}): ExperimentItem => {
  const id = changes.id ?? anId();
  const tenant = changes.tenant ?? 'acme';
  const createdAt = changes.createdAt ?? '2026-11-22T06:00:00.000Z';
  return {
    id,
    tenant,
    name: 'first-try',
    model: 'sentiment',
    dataset: 'ratings',
    status: 'queued',
    run: 1,
    revision: 1,
    createdAt,
    updatedAt: createdAt,
    spec: aSpec({ experimentId: id, tenant, createdAt }),
    ...changes,
  };
};
