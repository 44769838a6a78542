import type { Stage, StageError } from '../../../functions/shared/contracts/names.ts';
import type { StageProgress, StageSummaries } from '../../../functions/shared/contracts/stage-documents.ts';
import type { JobView } from '../../../functions/stages/job-view.ts';
import type { Limits, StoredAttempt } from '../../../functions/stages/reconcile.ts';
import { byStage } from '../an-experiment.ts';

export const NOW = new Date('2026-11-22T07:00:00.000Z');
export const LIMITS: Limits = { hangSeconds: byStage(() => 600), startAfterSeconds: 60 };

type At = { experimentId: string; run?: number; stage?: Stage; attempt?: number };

const place = ({ experimentId, run = 1, stage = 'train', attempt = 1 }: At) => ({ experimentId, run, stage, attempt });

export const manifestOf = (at: At): string => {
  const { experimentId, run, stage, attempt } = place(at);
  return `s3://experiments/experiments/${experimentId}/${stage}/r${run}-${attempt}/manifest.json`;
};

const SHA = 'a'.repeat(64);

/** Figures of each stage that keep the contract. */
export const SUMMARIES: { [S in keyof StageSummaries]-?: NonNullable<StageSummaries[S]> } = {
  ingest: {
    datasetUri: 's3://datasets/raw/acme/ratings/0/',
    datasetVersion: '0',
    datasetSha256: SHA,
    datasetBytes: 1,
    baseModelUri: 's3://datasets/base-models/0/',
    baseModelSha256: SHA,
  },
  prepare: {
    processedUri: 's3://datasets/processed/acme/ratings/0/',
    processedVersion: '0',
    processedSha256: SHA,
    rows: 4,
    rejectedRows: 0,
    truncatedRows: 0,
    groups: 1,
    trainRows: 1,
    validationRows: 1,
    testRows: 1,
    calibrationRows: 1,
  },
  train: {
    mae: 0.5,
    baselineMae: 1,
    validationMae: 0.5,
    validationLoss: 1,
    trainLoss: 1,
    rows: 1,
    steps: 1,
    epochs: 1,
    samplesPerSecond: 1,
    parameters: 1,
    device: 'cpu',
    stoppedEarly: false,
    bestStep: 1,
    peakMemoryBytes: 1,
    peakGpuMemoryBytes: null,
    gpuUtilization: null,
    trainingSeconds: 100,
    checkpoints: 1,
    checkpointBlockedSeconds: 0.5,
    checkpointBlockedShare: 0.005,
    checkpointIntervalSeconds: 85,
    checkpointsForced: 0,
    tornCheckpoints: [],
    resumedFromStep: null,
    modelSha256: SHA,
  },
  export: { opset: 17, bytes: 1, sha256: SHA, inputs: ['input_ids'], outputs: ['logits'] },
  parity: { rows: 500, elements: 500, mismatches: 0, maxAbs: 1e-6, maxRatio: 0.1 },
  quantize: {
    chosen: 'static-minmax',
    candidates: 4,
    seconds: 20,
    calibrationRows: 200,
    quantizedOperators: 10,
    bytes: 1,
    fp32Bytes: 4,
    validationMeanAbsScoreDelta: 0.01,
  },
  benchmark: {
    cpuModel: 'x',
    instructionSets: ['avx2'],
    threads: 2,
    rows: 1,
    speedupBatch1: 1,
    speedupBatch8: 1,
    fp32LatencyMsBatch1: 1,
    int8LatencyMsBatch1: 1,
    fp32LatencyMsBatch8: 1,
    int8LatencyMsBatch8: 1,
    conclusive: true,
    candidate: 'static-minmax',
    fp32Mae: 1,
    int8Mae: 1,
    fp32ScoreMae: 1,
    int8ScoreMae: 1,
    maeChange: 0,
    maeChangeLow: 0,
    maeChangeHigh: 0,
    maeChangeUpperBound: 0,
    rowsToSettle: 1,
    meanAbsScoreDelta: 0,
    int8Verdict: 'passed',
    int8Ships: true,
    preferred: 'int8',
    reason: 'INT8 passed its gate and is faster.',
    onnxruntime: '1.22',
  },
  bundle: { bundleUri: 's3://releases/bundles/acme/sentiment/1/', bundleSha256: SHA, version: 1, bytes: 1, preferred: 'int8' },
};

/** The result.json of an attempt that succeeded. */
export const aResult = (at: At): { state: 'read'; document: unknown } => {
  const where = place(at);
  return {
    state: 'read',
    document: { schemaVersion: 1, ...where, outcome: 'succeeded', manifest: manifestOf(at), summary: SUMMARIES[where.stage] },
  };
};

/** A running job, unless said otherwise. */
export const aJob = (at: At, changes: Partial<JobView> = {}): JobView => {
  const where = place(at);
  const name = `${where.run}-${where.stage}-${where.attempt}`;
  return {
    at: where,
    jobId: `job-${name}`,
    queue: 'gpu-spot',
    status: 'RUNNING',
    statusReason: null,
    exitCode: null,
    reason: null,
    createdAt: NOW.getTime() - 30_000,
    startedAt: NOW.getTime() - 20_000,
    stoppedAt: null,
    taskToken: `token-${name}`,
    result: { state: 'not-read' },
    ...changes,
  };
};

export const ended = (at: At, changes: Partial<JobView> = {}): JobView =>
  aJob(at, {
    status: 'SUCCEEDED',
    exitCode: 0,
    statusReason: 'Essential container in task exited',
    stoppedAt: NOW.getTime() - 1_000,
    result: aResult(at),
    ...changes,
  });

export const failed = (at: At, exitCode: number, changes: Partial<JobView> = {}): JobView =>
  ended(at, { status: 'FAILED', exitCode, result: { state: 'absent' }, ...changes });

/** What is stored of a job. */
export const anAttempt = (job: JobView, changes: { error?: StageError; reportedAt?: string } = {}): StoredAttempt => ({
  run: job.at.run,
  stage: job.at.stage,
  attempt: job.at.attempt,
  jobId: job.jobId,
  status: job.status,
  ...(job.createdAt === null ? {} : { createdAt: new Date(job.createdAt).toISOString() }),
  ...(job.startedAt === null ? {} : { startedAt: new Date(job.startedAt).toISOString() }),
  ...changes,
});

export const someProgress = (at: At, changes: Partial<StageProgress> = {}): StageProgress => ({
  schemaVersion: 1,
  ...place(at),
  sequence: 1,
  at: NOW.toISOString(),
  fraction: 0.1,
  step: 10,
  totalSteps: 100,
  message: 'training',
  metrics: {},
  ...changes,
});
