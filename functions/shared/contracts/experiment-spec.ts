import * as z from 'zod';
import {
  calibrationRows,
  columnsSpec,
  labelsSpec,
  requestedColumns,
  requestedSplit,
  SCHEMA_DEFAULTS,
  seed,
  splitSpec,
  TASKS,
} from './dataset-schema.ts';
import { STAGES } from './names.ts';
import {
  datasetVersionId,
  experimentId,
  gitSha,
  instant,
  name,
  positiveInteger,
  s3Uri,
  schemaVersion,
  sha256,
  tenant,
  uploadId,
  versionReference,
} from './primitives.ts';

export const HEADS = ['cumulative-link', 'coral', 'corn', 'cross-entropy'] as const;
export const PRECISIONS = ['float32', 'bfloat16', 'float16'] as const;
export const CLASS_WEIGHTS = ['none', 'balanced'] as const;
/** INT8 candidates that a spec may leave out of its tournament. FP32, FP32 optimised and static INT8 by MinMax always compete. */
export const QUANTIZATION_CANDIDATES = ['dynamic', 'static-percentile', 'static-entropy', 'static-smoothed'] as const;

export const sourceUri = z
  .string()
  .max(1024)
  .regex(
    /^(upload:upl_[0-9a-z]{26}|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+)$/,
    'expected upload:{uploadId} or s3://bucket/prefix',
  );
export const baseUri = z
  .string()
  .max(1024)
  .regex(
    /^(upload:upl_[0-9a-z]{26}|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+|hf:[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+@[0-9a-f]{40})$/,
    'expected upload:{uploadId}, s3://bucket/prefix or hf:{owner}/{model}@{commit}',
  );

const model = z.strictObject({ name, base: baseUri }).meta({ id: 'ModelSpec' });

/** Fields of `train`, `gates` and the rest, each with its rule; `withDefaults` and `resolved` are built from the same ones. */
const train = {
  head: z.enum(HEADS),
  epochs: z.int().min(1).max(100),
  maxRows: z.int().min(100).max(10_000_000),
  batchSize: z.int().min(1).max(1024),
  learningRate: z.number().gt(0).max(10_000),
  layerwiseDecay: z
    .number()
    .min(0.5)
    .max(1)
    .describe('each layer of the encoder learns at this fraction of the rate of the layer above it; 1: all at one rate'),
  classWeights: z
    .enum(CLASS_WEIGHTS)
    .describe('balanced: the loss counts each class by the inverse of its frequency, at the price of MAE over all rows'),
  earlyStopping: z
    .strictObject({ patience: z.int().min(1).max(100).describe('epochs without a better validation MAE before training stops') })
    .meta({ id: 'EarlyStopping' })
    .describe('the weights of the best epoch are kept; absent: all epochs, and the last weights'),
  maxLength: z.int().min(8).max(8192).describe('tokens; a longer text is truncated and counted; of text-ordinal alone'),
  frozenLayers: z
    .int()
    .min(0)
    .max(200)
    .describe('lower layers of the encoder, embeddings included, that stay as they are; 0 or absent trains everything'),
  seed,
  threads: z.int().min(1).max(64),
  precision: z.enum(PRECISIONS),
  checkpointEverySeconds: z
    .int()
    .min(1)
    .max(300)
    .describe(
      'at most so many seconds of training between two checkpoints, whatever they cost; ' +
        'absent: as often as 1 % of the training time pays for, and at least every 300 s',
    ),
};
const parityGate = {
  absolute: z.number().min(0).max(1).describe('a of |a - b| <= absolute + relative * |b|, on logits'),
  relative: z.number().min(0).max(1),
};
const int8Gate = {
  maxMeanScoreDelta: z.number().min(0).max(1).describe('of mean |expected score INT8 - FP32| / (K - 1)'),
  maxMaeIncrease: z
    .number()
    .min(0)
    .max(10)
    .describe('of the expected score, relative to FP32; the upper bound of the one-sided 95 % interval must lie below it'),
  required: z
    .boolean()
    .describe('true: INT8 that fails its gate rejects the experiment; false: FP32 ships, and the report says so'),
};
const quantize = {
  calibrationRows,
  candidates: z
    .array(z.enum(QUANTIZATION_CANDIDATES))
    .refine((names) => new Set(names).size === names.length, 'expected every candidate once')
    .describe('that compete beside FP32, FP32 optimised and static INT8 by MinMax; fewer take less time'),
};
const compute = { profile: name, maxAttempts: z.int().min(1).max(10) };

/** Defaults, each with its reason. */
export const SPEC_DEFAULTS = {
  task: SCHEMA_DEFAULTS.task,
  train: {
    head: 'cumulative-link',
    epochs: 2, // with the rate below: 50 % less MAE than the median class on 3,200 rows of the demo's data
    batchSize: 16,
    learningRate: 5e-5, // the usual one for fine-tuning small encoders with AdamW
    layerwiseDecay: 1,
    classWeights: 'none', // balanced weights answer another question than the MAE over all rows
    maxLength: 128,
    seed: 13,
    threads: 2, // from the spec, never from the machine: results are bit-exact per thread count
    precision: 'float32',
  },
  parity: { absolute: 1e-5, relative: 1e-5 },
  int8: { maxMeanScoreDelta: 0.01, maxMaeIncrease: 0.01, required: false },
  split: SCHEMA_DEFAULTS.split,
  quantize: {
    calibrationRows: SCHEMA_DEFAULTS.calibrationRows,
    candidates: ['dynamic', 'static-percentile', 'static-entropy', 'static-smoothed'],
  },
  compute: { profile: 'default', maxAttempts: 3 }, // three attempts climb the whole ladder of three queues
} as const;

const d = SPEC_DEFAULTS;

/** A dataset that is stored: its schema says everything else. */
type VersionOfDataset = { name: string; version: string };
/** A dataset that comes with the experiment. */
type BroughtDataset = {
  name: string;
  source: string;
  sha256?: string | undefined;
  columns: z.output<typeof requestedColumns>;
  labels: z.output<typeof labelsSpec>;
  split: z.output<typeof requestedSplit>;
};

const OF_A_BROUGHT_DATASET = ['source', 'sha256', 'columns', 'labels', 'split'] as const;

/** Either of the two, told apart by the fields that are there, so that every refusal names its field. */
const requestedDataset = z
  .strictObject({
    name,
    version: versionReference.optional().describe('of the dataset of that name, in place of all that follows'),
    source: sourceUri.optional(),
    sha256: sha256.optional().describe('tree hash of the source; refused when the content differs'),
    columns: requestedColumns.optional(),
    labels: labelsSpec.optional().describe('required with a source'),
    split: requestedSplit.optional(),
  })
  .transform(({ name, version, source, sha256, columns, labels, split }, context): VersionOfDataset | BroughtDataset => {
    const given = { source, sha256, columns, labels, split };
    const refuse = (field: string, message: string): void => {
      context.issues.push({ code: 'custom', path: [field], message, input: given });
    };
    if (version !== undefined) {
      const beside = OF_A_BROUGHT_DATASET.filter((field) => given[field] !== undefined);
      for (const field of beside) refuse(field, 'no such field beside a version, whose dataset says it; remove one of the two');
      return { name, version };
    }
    if (source === undefined) refuse('source', 'expected a source, or in its place a version of a dataset that is stored');
    else if (labels === undefined) refuse('labels', 'expected object, but it is missing');
    if (source === undefined || labels === undefined) return z.NEVER;
    return {
      name,
      source,
      sha256,
      columns: columns ?? requestedColumns.parse({}),
      labels,
      split: split ?? requestedSplit.parse({}),
    };
  });

/** Body of `POST /v1/experiments`. Unknown keys are refused. */
export const experimentRequest = z
  .strictObject({
    name,
    task: z.enum(TASKS).default(d.task),
    model,
    dataset: requestedDataset,
    train: z
      .strictObject({
        head: train.head.default(d.train.head),
        epochs: train.epochs.default(d.train.epochs),
        maxRows: train.maxRows.optional(),
        batchSize: train.batchSize.default(d.train.batchSize),
        learningRate: train.learningRate.default(d.train.learningRate),
        layerwiseDecay: train.layerwiseDecay.default(d.train.layerwiseDecay),
        classWeights: train.classWeights.default(d.train.classWeights),
        earlyStopping: train.earlyStopping.optional(),
        maxLength: train.maxLength.default(d.train.maxLength),
        frozenLayers: train.frozenLayers.optional(),
        seed: train.seed.default(d.train.seed),
        threads: train.threads.default(d.train.threads),
        precision: train.precision.default(d.train.precision),
        checkpointEverySeconds: train.checkpointEverySeconds.optional(),
      })
      .prefault({}),
    quantize: z
      .strictObject({
        calibrationRows: quantize.calibrationRows.default(d.quantize.calibrationRows),
        candidates: quantize.candidates.default([...d.quantize.candidates]),
      })
      .prefault({}),
    gates: z
      .strictObject({
        parity: z
          .strictObject({
            absolute: parityGate.absolute.default(d.parity.absolute),
            relative: parityGate.relative.default(d.parity.relative),
          })
          .prefault({}),
        int8: z
          .strictObject({
            maxMeanScoreDelta: int8Gate.maxMeanScoreDelta.default(d.int8.maxMeanScoreDelta),
            maxMaeIncrease: int8Gate.maxMaeIncrease.default(d.int8.maxMaeIncrease),
            required: int8Gate.required.default(d.int8.required),
          })
          .prefault({}),
      })
      .prefault({}),
    compute: z
      .strictObject({
        profile: compute.profile.default(d.compute.profile),
        maxAttempts: compute.maxAttempts.default(d.compute.maxAttempts),
      })
      .prefault({}),
  })
  .meta({ id: 'ExperimentRequest' });
export type ExperimentRequest = z.output<typeof experimentRequest>;

const arn = z.string().regex(/^arn:aws[a-z-]*:/, 'expected an ARN');
const byStage = <T extends z.ZodType>(value: T) =>
  z.strictObject(Object.fromEntries(STAGES.map((stage) => [stage, value])) as Record<(typeof STAGES)[number], T>);

/** What a price per hour was when the experiment was submitted. */
export const prices = z
  .strictObject({
    instanceType: z.string(),
    currency: z.literal('USD'),
    onDemandPerHour: z.number().min(0),
    spotPerHour: z.number().min(0),
    region: z.string(),
    asOf: z.iso.date(),
  })
  .meta({ id: 'Prices' });

/** `spec.json`: the request with every default applied, frozen together with everything it was pinned to at submit. */
export const resolvedSpec = z
  .strictObject({
    schemaVersion,
    experimentId,
    tenant,
    createdAt: instant,
    name,
    task: z.enum(TASKS),
    model,
    dataset: z
      .strictObject({
        name,
        source: sourceUri,
        sha256: sha256.optional(),
        version: datasetVersionId.optional().describe('of the stored dataset; absent when the experiment brought its source'),
        columns: columnsSpec,
        labels: labelsSpec,
        split: splitSpec,
      })
      .meta({ id: 'DatasetSpec' }),
    train: z
      .strictObject({
        ...train,
        maxRows: train.maxRows.optional(),
        earlyStopping: train.earlyStopping.optional(),
        frozenLayers: train.frozenLayers.optional(),
        checkpointEverySeconds: train.checkpointEverySeconds.optional(),
      })
      .meta({ id: 'TrainSpec' }),
    quantize: z.strictObject(quantize).meta({ id: 'QuantizeSpec' }),
    gates: z
      .strictObject({
        parity: z.strictObject(parityGate).meta({ id: 'ParityGate' }),
        int8: z.strictObject(int8Gate).meta({ id: 'Int8Gate' }),
      })
      .meta({ id: 'GatesSpec' }),
    compute: z.strictObject(compute).meta({ id: 'ComputeSpec' }),
    pins: z
      .strictObject({
        gitSha,
        jobDefinitions: byStage(arn).describe('each with its revision'),
        ladders: byStage(z.array(arn).min(1)).describe('queue ARNs, first rung first'),
        baseModelSha256: sha256.optional().describe('tree hash of the base model; absent when only ingest can know it'),
        datasetSha256: sha256.optional().describe('tree hash of the source; absent when only ingest can know it'),
        prices,
      })
      .meta({ id: 'Pins' }),
  })
  .meta({ id: 'ResolvedSpec' });
export type ResolvedSpec = z.infer<typeof resolvedSpec>;

/** Input of the state machine. Ids, numbers and ARNs only; documents live in S3. */
export const executionInput = z
  .strictObject({
    schemaVersion,
    experimentId,
    run: positiveInteger,
    tenant,
    model: name,
    shareIdentifier: z.string().regex(/^[a-z0-9]{1,64}$/),
    maxAttempts: compute.maxAttempts,
    ladders: byStage(z.array(arn).min(1)),
    jobDefinitions: byStage(arn),
    inputs: z
      .partialRecord(z.enum(STAGES), s3Uri)
      .describe('manifest of each stage that an earlier run has finished; the run starts with the first one that is missing'),
  })
  .meta({ id: 'ExecutionInput' });
export type ExecutionInput = z.infer<typeof executionInput>;

export const uploadSource = (uri: string): string | undefined => {
  const id = uri.startsWith('upload:') ? uri.slice('upload:'.length) : undefined;
  return id !== undefined && uploadId.safeParse(id).success ? id : undefined;
};
