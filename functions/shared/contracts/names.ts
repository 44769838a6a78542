/** Names that cross a border: written here once, generated into Python (`spotforge_runtime.contracts.names`) and asserted on both sides. */

/** The stages in the order in which they run. */
export const STAGES = ['ingest', 'prepare', 'train', 'export', 'parity', 'quantize', 'benchmark', 'bundle'] as const;
export type Stage = (typeof STAGES)[number];

/** The image that carries a stage, and the argv that runs it. */
export const STAGE_IMAGES = {
  ingest: 'data',
  prepare: 'data',
  train: 'training',
  export: 'optimization',
  parity: 'optimization',
  quantize: 'optimization',
  benchmark: 'optimization',
  bundle: 'optimization',
} as const satisfies Record<Stage, string>;
export type StageImage = (typeof STAGE_IMAGES)[Stage];

export const stageCommand = (stage: Stage): string[] => ['python', '-m', `spotforge_${STAGE_IMAGES[stage]}.${stage}`];

/** Environment of a stage. The first group comes with each attempt, the second from the job definition. */
export const STAGE_ENV = {
  experimentId: 'EXPERIMENT_ID',
  run: 'RUN',
  stage: 'STAGE',
  attempt: 'ATTEMPT',
  taskToken: 'TASK_TOKEN',
  inputs: 'INPUTS',
  microBatchDivisor: 'MICRO_BATCH_DIVISOR',
  modelVersion: 'MODEL_VERSION',
  datasetsBucket: 'DATASETS_BUCKET',
  experimentsBucket: 'EXPERIMENTS_BUCKET',
  checkpointsBucket: 'CHECKPOINTS_BUCKET',
  releasesBucket: 'RELEASES_BUCKET',
  eventBus: 'EVENT_BUS',
  gitSha: 'GIT_SHA',
  imageDigest: 'IMAGE_DIGEST',
  hangLimitSeconds: 'HANG_LIMIT_SECONDS',
  retentionDays: 'RETENTION_DAYS',
  processes: 'PROCESSES',
} as const;

/** What is rehearsed each quarter, the image that does it, and the argv. */
export const REHEARSALS = ['restore', 'rollback', 'upgrade'] as const;
export type Rehearsal = (typeof REHEARSALS)[number];
export const REHEARSAL_IMAGES = {
  restore: 'training',
  rollback: 'optimization',
  upgrade: 'optimization',
} as const satisfies Record<Rehearsal, StageImage>;

export const rehearsalCommand = (rehearsal: Rehearsal): string[] => [
  'python',
  '-m',
  `spotforge_${REHEARSAL_IMAGES[rehearsal]}.rehearse_${rehearsal}`,
];

/** Environment of a rehearsal beside the buckets, commit and digest that a stage is told too. */
export const REHEARSAL_ENV = {
  rehearsalId: 'REHEARSAL_ID',
  newestBundle: 'NEWEST_BUNDLE',
  previousBundle: 'PREVIOUS_BUNDLE',
  upgradePackage: 'UPGRADE_PACKAGE',
  upgradeVersion: 'UPGRADE_VERSION',
} as const;

/** What the nightly spot check runs, and on which image. */
export const SPOT_CHECK_IMAGE: StageImage = 'optimization';
export const SPOT_CHECK_COMMAND: readonly string[] = ['python', '-m', `spotforge_${SPOT_CHECK_IMAGE}.spot_check`];

/** Environment of a spot check beside the buckets, commit and digest. */
export const SPOT_CHECK_ENV = { spotCheckId: 'SPOT_CHECK_ID', bundles: 'BUNDLES' } as const;

/** What makes a version of a dataset, and on which image. */
export const DATASET_VERSION_IMAGE: StageImage = 'data';
export const DATASET_VERSION_COMMAND: readonly string[] = ['python', '-m', `spotforge_${DATASET_VERSION_IMAGE}.dataset_version`];

/** Environment of that job beside the buckets, commit, digest and retention that a stage is told too: the S3 URI of its request. */
export const DATASET_VERSION_ENV = { datasetRequest: 'DATASET_REQUEST' } as const;

/** A stage's exit code says how it ended; `functions/stages/stage-failure.ts` says what follows. */
export const EXIT_CODES = {
  invalidInput: 64,
  diverged: 65,
  gateRejected: 66,
  outOfMemory: 67,
  infrastructure: 74,
  interrupted: 75,
} as const;

/** Error names as Step Functions sees them; a TerminateJob reason of ours starts with one. */
export const STAGE_ERRORS = [
  'Stage.Cancelled',
  'Stage.Interrupted',
  'Stage.CapacityUnavailable',
  'Stage.Hung',
  'Stage.Misconfigured',
  'Stage.TimedOut',
  'Stage.OutOfMemory',
  'Stage.Infrastructure',
  'Stage.InvalidInput',
  'Stage.Diverged',
  'Stage.GateRejected',
  'Stage.ContractBroken',
  'Stage.Failed',
  'Stage.Superseded',
] as const;
export type StageError = (typeof STAGE_ERRORS)[number];

export const EVENTS = {
  stageProgress: { source: 'spotforge.stage', detailType: 'Stage Progress' },
  experimentStatusChanged: { source: 'spotforge.experiments', detailType: 'Experiment Status Changed' },
  rehearsalCompleted: { source: 'spotforge.rehearsals', detailType: 'Rehearsal Completed' },
  spotCheckCompleted: { source: 'spotforge.spot-checks', detailType: 'Spot Check Completed' },
  consumptionRecorded: { source: 'spotforge.inference', detailType: 'Consumption Recorded' },
} as const;

/** What lies in the folder of a dataset's preparation. */
export const PREPARATION_FILES = { request: 'request.json', report: 'report.json', rejectedRows: 'rejected-rows.csv' } as const;

/** Object keys. A folder ends with `/`. */
export const keys = {
  spec: (experimentId: string) => `experiments/${experimentId}/spec.json`,
  attempt: (at: AttemptId) => `experiments/${at.experimentId}/${at.stage}/r${at.run}-${at.attempt}/`,
  upload: (tenant: string, uploadId: string) => `uploads/${tenant}/${uploadId}/`,
  bundle: (tenant: string, model: string, version: number) => `bundles/${tenant}/${model}/${version}/`,
  checkpoints: (experimentId: string) => `${experimentId}/`,
  rehearsal: (rehearsalId: string, document: Rehearsal | 'report') => `rehearsals/${rehearsalId}/${document}.json`,
  spotCheck: (spotCheckId: string, document: 'finding' | 'report') => `spot-checks/${spotCheckId}/${document}.json`,
  datasetPreparation: (tenant: string, preparationId: string, file: keyof typeof PREPARATION_FILES) =>
    `dataset-preparations/${tenant}/${preparationId}/${PREPARATION_FILES[file]}`,
  weightSnapshots: (experimentId: string) => `${experimentId}/weight-snapshots/`,
} as const;

/** Documents that every attempt leaves in its folder. */
export const ATTEMPT_DOCUMENTS = {
  manifest: 'manifest.json',
  result: 'result.json',
  progress: 'progress.json',
  stacks: 'stacks.txt',
} as const;

export type AttemptId = { experimentId: string; run: number; stage: Stage; attempt: number };

export const executionName = (experimentId: string, run: number): string => `${experimentId}-r${run}`;

export const jobName = (at: AttemptId): string => `${at.experimentId}-r${at.run}-${at.stage}-${at.attempt}`;

const JOB_NAME = new RegExp(`^(exp_[0-9a-z]{26})-r([1-9][0-9]*)-(${STAGES.join('|')})-([1-9][0-9]*)$`);

/** Reads an attempt back from its job name; undefined for a job that is not ours. */
export const parseJobName = (name: string): AttemptId | undefined => {
  const match = JOB_NAME.exec(name);
  if (!match?.[1] || !match[3]) return undefined;
  return { experimentId: match[1], run: Number(match[2]), stage: match[3] as Stage, attempt: Number(match[4]) };
};
