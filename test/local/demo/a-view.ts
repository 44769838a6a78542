import { type ResolvedSpec, SPEC_DEFAULTS } from '../../../functions/shared/contracts/experiment-spec.ts';
import { STAGES } from '../../../functions/shared/contracts/names.ts';
import type { Experiment } from '../../../local/client/api-types.ts';

const ID = 'exp_01h455vb4pex5vsknk084sn02q';
const ARN = 'arn:aws:batch:us-east-1:000000000000:job-queue/q';
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const byStage = <T>(value: T) => Object.fromEntries(STAGES.map((stage) => [stage, value])) as Record<(typeof STAGES)[number], T>;

const spec: ResolvedSpec = {
  schemaVersion: 1,
  experimentId: ID,
  tenant: 'demo',
  createdAt: at(0),
  name: 'sentiment',
  task: 'text-ordinal',
  model: { name: 'sentiment', base: 'upload:upl_01h455vb4pex5vsknk084sn02q' },
  dataset: {
    name: 'ratings',
    source: 'upload:upl_01h455vb4pex5vsknk084sn02q',
    columns: { text: 'text', label: 'label', group: 'document' },
    labels: { values: [-1, 0, 1] },
    split: SPEC_DEFAULTS.split,
  },
  train: SPEC_DEFAULTS.train,
  quantize: { ...SPEC_DEFAULTS.quantize, candidates: [...SPEC_DEFAULTS.quantize.candidates] },
  gates: { parity: SPEC_DEFAULTS.parity, int8: SPEC_DEFAULTS.int8 },
  compute: SPEC_DEFAULTS.compute,
  pins: {
    gitSha: 'unknown',
    jobDefinitions: byStage(ARN),
    ladders: byStage([ARN]),
    prices: {
      instanceType: 'g6.xlarge',
      currency: 'USD',
      onDemandPerHour: 0.8,
      spotPerHour: 0.36,
      region: 'us-east-1',
      asOf: '2026-01-01',
    },
  },
};

type Ran = { stage: (typeof STAGES)[number]; from: number | null; to: number | null; attempt?: number };

/** An attempt whose process ran between these seconds after the POST. */
export const anAttempt = ({ stage, from, to, attempt = 1 }: Ran): Experiment['attempts'][number] => ({
  run: 1,
  stage,
  attempt,
  jobId: `${stage}-${attempt}`,
  queue: 'cpu-spot',
  status: to === null ? 'RUNNING' : 'SUCCEEDED',
  createdAt: from === null ? null : at(from),
  startedAt: from === null ? null : at(from),
  stoppedAt: to === null ? null : at(to),
  exitCode: to === null ? null : 0,
  reason: null,
});

/** An experiment posted at second 0. */
export const aView = (overrides: Partial<Experiment> = {}): Experiment => ({
  schemaVersion: 1,
  id: ID,
  name: 'sentiment',
  model: 'sentiment',
  dataset: 'ratings',
  status: 'running',
  stage: 'train',
  run: 1,
  revision: 3,
  createdAt: at(0),
  updatedAt: at(1),
  startedAt: at(1),
  endedAt: null,
  waiting: null,
  progress: null,
  stages: {},
  attempts: [],
  failure: null,
  bundle: null,
  spec,
  ...overrides,
});

export const second = (n: number): number => Date.parse(at(n));
export const instant = at;
