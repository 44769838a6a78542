import * as z from 'zod';
import { TASKS } from './dataset-schema.ts';
import { HEADS } from './experiment-spec.ts';
import {
  experimentId,
  gitSha,
  instant,
  name,
  positiveInteger,
  relativePath,
  schemaVersion,
  sha256,
  tenant,
} from './primitives.ts';

/** What the logits of each head mean; P(y > k), k = 0 … K-2, follows, and from it class and expected score. */
export const DECODE_LOGITS = {
  'cumulative-link': 'sigmoid(logit[k]) = P(y > k), k = 0 … K-2',
  coral: 'sigmoid(logit[k]) = P(y > k), k = 0 … K-2',
  corn: 'sigmoid(logit[k]) = P(y > k | y > k-1), k = 0 … K-2',
  'cross-entropy': 'softmax(logits)[c] = P(y = c), c = 0 … K-1',
} as const;

const tensor = z.strictObject({ name: z.string(), dtype: z.string(), axes: z.array(z.string()) }).meta({ id: 'BundledTensor' });

const modelFile = z
  .strictObject({
    file: relativePath,
    bytes: positiveInteger,
    sha256,
    gate: z.strictObject({ passed: z.boolean(), measured: z.record(z.string(), z.number()) }).meta({ id: 'BundledGate' }),
  })
  .meta({ id: 'BundledModel' });

/** `bundle.json`, written last and once: a bundle without it does not exist. */
export const bundle = z
  .strictObject({
    schemaVersion,
    experimentId,
    tenant,
    name,
    version: positiveInteger,
    createdAt: instant,
    task: z.enum(TASKS),
    labels: z
      .array(z.strictObject({ index: z.int().min(0), value: z.number(), name: z.string() }).meta({ id: 'BundledLabel' }))
      .min(2),
    head: z.enum(HEADS),
    decode: z
      .strictObject({
        logits: z.enum([...new Set(Object.values(DECODE_LOGITS))]),
        classIndex: z.literal('count of k with P(y > k) > 0.5'),
        expectedScore: z.literal('sum over k of P(y > k), in classes from 0 to K-1'),
      })
      .meta({ id: 'BundledDecode' }),
    cutpoints: z
      .array(z.number())
      .describe('logit[k] = f(x) - theta[k], with `cumulative-link` ascending; empty for heads that have none'),
    inputs: z.array(tensor).min(1),
    outputs: z.array(tensor).min(1),
    tokenizer: z
      .strictObject({
        file: relativePath,
        maxLength: positiveInteger,
        truncation: z.literal('longest_first'),
        padding: z.literal('right'),
        padId: z.int().min(0),
      })
      .meta({ id: 'BundledTokenizer' })
      .optional()
      .describe('of text-ordinal'),
    image: z
      .strictObject({
        width: positiveInteger,
        height: positiveInteger,
        resample: z.enum(['nearest', 'bilinear', 'bicubic', 'lanczos']),
        rescale: z.number().describe('factor of the bytes 0 … 255, before mean and std'),
        mean: z.array(z.number()).length(3),
        std: z.array(z.number()).length(3),
        layout: z.literal('NCHW, RGB'),
      })
      .meta({ id: 'BundledImage' })
      .optional()
      .describe('of image-ordinal'),
    models: z
      .strictObject({ fp32: modelFile, int8: modelFile.optional().describe('absent when it failed its gate') })
      .meta({ id: 'BundledModels' }),
    preferred: z.enum(['fp32', 'int8']),
    metrics: z.record(z.string(), z.number()),
    dataset: z.strictObject({ rawSha256: sha256, processedSha256: sha256 }).meta({ id: 'BundledDataset' }),
    baseModelSha256: sha256,
    gitSha,
    opset: positiveInteger,
    onnxruntime: z.string(),
    parity: z.strictObject({ inputs: relativePath, expected: relativePath, rows: positiveInteger }).meta({ id: 'BundledParity' }),
    files: z.array(z.strictObject({ path: relativePath, bytes: positiveInteger, sha256 }).meta({ id: 'BundledFile' })).min(1),
    bundleSha256: sha256.describe('tree hash of the bundle without bundle.json'),
  })
  .meta({ id: 'Bundle' });
export type Bundle = z.infer<typeof bundle>;
