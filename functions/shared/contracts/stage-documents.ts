import * as z from 'zod';
import { STAGE_ERRORS } from './names.ts';
import {
  count,
  experimentId,
  gitSha,
  instant,
  positiveInteger,
  relativePath,
  s3Uri,
  schemaVersion,
  sha256,
  stage,
} from './primitives.ts';

const attemptFields = { schemaVersion, experimentId, run: positiveInteger, stage, attempt: positiveInteger };

export const storedObject = z
  .strictObject({
    name: relativePath.describe('what the stage calls it, for example model.onnx'),
    bucket: z.string().min(3),
    key: z.string().min(1),
    bytes: count,
    sha256,
  })
  .meta({ id: 'StoredObject' });

/** `manifest.json`: what an attempt read and wrote. */
export const stageManifest = z
  .strictObject({
    ...attemptFields,
    gitSha,
    imageDigest: z.string(),
    createdAt: instant,
    inputs: z.array(z.strictObject({ stage, manifest: s3Uri, sha256 }).meta({ id: 'StageInput' })),
    outputs: z.array(storedObject),
  })
  .meta({ id: 'StageManifest' });
export type StageManifest = z.infer<typeof stageManifest>;

const finite = z.number();
const seconds = finite.min(0);

/** What each stage tells in numbers and URIs; shown by the API as `stages.{stage}`. */
export const stageSummaries = {
  ingest: z
    .strictObject({
      datasetUri: s3Uri,
      datasetVersion: z.string(),
      datasetSha256: sha256,
      datasetBytes: count,
      baseModelUri: s3Uri,
      baseModelSha256: sha256,
    })
    .meta({ id: 'IngestSummary' }),
  prepare: z
    .strictObject({
      processedUri: s3Uri,
      processedVersion: z.string(),
      processedSha256: sha256,
      rows: count,
      rejectedRows: count,
      truncatedRows: count,
      groups: count,
      trainRows: count,
      validationRows: count,
      testRows: count,
      calibrationRows: count,
    })
    .meta({ id: 'PrepareSummary' }),
  train: z
    .strictObject({
      mae: finite.describe('on test, in classes, median decoding'),
      baselineMae: finite.describe('of always answering the median class of train, on test, in classes'),
      validationMae: finite,
      validationLoss: finite,
      trainLoss: finite,
      rows: count,
      steps: count,
      epochs: count,
      samplesPerSecond: finite,
      parameters: count,
      device: z.string(),
      stoppedEarly: z.boolean().describe('training ended before its last epoch, because validation MAE no longer fell'),
      bestStep: count.describe('whose weights are kept: the last one, unless training may stop early'),
      peakMemoryBytes: count.describe('largest resident set of the process'),
      peakGpuMemoryBytes: count.nullable().describe('null without a GPU'),
      gpuUtilization: finite.min(0).max(1).nullable().describe('mean over the run; null where nothing measures it'),
      trainingSeconds: seconds.describe('of this attempt, evaluations between epochs included, as the following ones'),
      checkpoints: count,
      checkpointBlockedSeconds: seconds.describe('that the training thread waited for checkpoints'),
      checkpointBlockedShare: finite.min(0).describe('of trainingSeconds'),
      checkpointIntervalSeconds: seconds.describe('longest stretch of training without a checkpoint'),
      checkpointsForced: count.describe(
        'begun because the longest interval was over, although they raised the blocked share above 1 %',
      ),
      tornCheckpoints: z.array(z.string()).describe('that were passed over when this attempt began: directory and reason'),
      resumedFromStep: count.nullable(),
      modelSha256: sha256.describe('of model.safetensors'),
    })
    .meta({ id: 'TrainSummary' }),
  export: z
    .strictObject({
      opset: positiveInteger,
      bytes: count,
      sha256,
      inputs: z.array(z.string()),
      outputs: z.array(z.string()),
    })
    .meta({ id: 'ExportSummary' }),
  parity: z
    .strictObject({
      rows: count,
      elements: count,
      mismatches: count,
      maxAbs: finite,
      maxRatio: finite.describe('largest |a - b| / (absolute + relative * |b|)'),
    })
    .meta({ id: 'ParitySummary' }),
  quantize: z
    .strictObject({
      chosen: z.string().describe('INT8 candidate that goes on to be judged on test; chosen on validation'),
      candidates: count.describe('that competed, FP32 among them'),
      seconds: seconds.describe('that the tournament took'),
      calibrationRows: count,
      quantizedOperators: count,
      bytes: count,
      fp32Bytes: count,
      validationMeanAbsScoreDelta: finite.describe('over K - 1, INT8 against FP32 on validation'),
    })
    .meta({ id: 'QuantizeSummary' }),
  benchmark: z
    .strictObject({
      cpuModel: z.string(),
      instructionSets: z.array(z.string()),
      threads: positiveInteger,
      rows: count,
      speedupBatch1: finite.describe('FP32 time over INT8 time, medians of interleaved runs'),
      speedupBatch8: finite,
      fp32LatencyMsBatch1: finite,
      int8LatencyMsBatch1: finite,
      fp32LatencyMsBatch8: finite,
      int8LatencyMsBatch8: finite,
      conclusive: z.boolean().describe('false: the timings were too noisy to rank FP32 and INT8'),
      candidate: z.string().describe('INT8 candidate that was judged'),
      fp32Mae: finite.describe('of the median class'),
      int8Mae: finite.describe('of the median class'),
      fp32ScoreMae: finite.describe('of the expected score, as the two following'),
      int8ScoreMae: finite,
      maeChange: finite.describe('(INT8 - FP32) / FP32 of the expected score'),
      maeChangeLow: finite.describe('lower end of the two-sided 95 % paired-bootstrap interval'),
      maeChangeHigh: finite,
      maeChangeUpperBound: finite.describe('of the one-sided 95 % interval: what the gate judges'),
      rowsToSettle: count.describe('test rows at which the interval would be as narrow as 1 % to either side'),
      meanAbsScoreDelta: finite.describe('mean |expected score INT8 - FP32| / (K - 1)'),
      int8Verdict: z
        .enum(['passed', 'inconclusive', 'failed'])
        .describe('inconclusive: too few rows to tell 1 % of MAE, and fidelity decided'),
      int8Ships: z.boolean(),
      preferred: z.enum(['fp32', 'int8']),
      reason: z.string().describe('one sentence: why that model is preferred'),
      onnxruntime: z.string(),
    })
    .meta({ id: 'BenchmarkSummary' }),
  bundle: z
    .strictObject({
      bundleUri: s3Uri,
      bundleSha256: sha256,
      version: positiveInteger,
      bytes: count,
      preferred: z.enum(['fp32', 'int8']),
    })
    .meta({ id: 'BundleSummary' }),
} as const;

const succeeded = z
  .strictObject({
    ...attemptFields,
    outcome: z.literal('succeeded'),
    manifest: s3Uri,
    summary: z.record(z.string(), z.unknown()).describe('by stage, see StageSummaries'),
  })
  .meta({ id: 'StageSucceeded' });
const failed = z
  .strictObject({
    ...attemptFields,
    outcome: z.enum(['failed', 'rejected']),
    exitCode: z.int().min(1).max(255),
    error: z
      .strictObject({
        name: z.enum(STAGE_ERRORS),
        message: z.string().max(2000).describe('what happened'),
        where: z.string().max(500).nullable().describe('file, column, row, field or metric'),
        remedy: z.string().max(1000).nullable().describe('what to do'),
      })
      .meta({ id: 'StageErrorReport' }),
    diagnostics: z.array(s3Uri),
  })
  .meta({ id: 'StageFailed' });

/** `result.json`, the last object of an attempt. */
export const stageResult = z.discriminatedUnion('outcome', [succeeded, failed]).meta({ id: 'StageResult' });
export type StageResult = z.infer<typeof stageResult>;

export const stageSummariesDocument = z
  .strictObject({
    ingest: stageSummaries.ingest.optional(),
    prepare: stageSummaries.prepare.optional(),
    train: stageSummaries.train.optional(),
    export: stageSummaries.export.optional(),
    parity: stageSummaries.parity.optional(),
    quantize: stageSummaries.quantize.optional(),
    benchmark: stageSummaries.benchmark.optional(),
    bundle: stageSummaries.bundle.optional(),
  })
  .meta({ id: 'StageSummaries' });
export type StageSummaries = z.infer<typeof stageSummariesDocument>;

/** Detail of a `Stage Progress` event; the same document is kept as `progress.json`. */
export const stageProgress = z
  .strictObject({
    ...attemptFields,
    sequence: count.describe('rises with each report of an attempt; order is by (run, stage, attempt, sequence), never by clock'),
    at: instant,
    fraction: z.number().min(0).max(1),
    step: count,
    totalSteps: count,
    message: z.string().max(500),
    metrics: z.record(z.string().max(64), z.number()),
  })
  .meta({ id: 'StageProgress' });
export type StageProgress = z.infer<typeof stageProgress>;

export const FAILURE_ACTIONS = ['again', 'fail', 'reject'] as const;

/** The cause of a `SendTaskFailure`: what the state machine does next. */
export const failureCause = z
  .strictObject({
    action: z.enum(FAILURE_ACTIONS),
    rung: count,
    microBatchDivisor: positiveInteger,
    delaySeconds: count,
    message: z.string().max(2000),
  })
  .meta({ id: 'FailureCause' });
export type FailureCause = z.infer<typeof failureCause>;

/** `COMMITTED`, the last object of a checkpoint. Without a valid one the checkpoint does not exist. */
export const checkpointManifest = z
  .strictObject({
    schemaVersion,
    experimentId,
    run: positiveInteger,
    attempt: positiveInteger,
    step: count,
    epoch: z.number().min(0),
    createdAt: instant,
    threads: positiveInteger,
    precision: z.string(),
    files: z.array(z.strictObject({ path: relativePath, bytes: count, sha256 }).meta({ id: 'CheckpointFile' })).min(1),
  })
  .meta({ id: 'CheckpointManifest' });
export type CheckpointManifest = z.infer<typeof checkpointManifest>;
