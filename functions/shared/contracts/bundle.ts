import * as z from 'zod';
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
    task: z.literal('text-ordinal'),
    labels: z
      .array(z.strictObject({ index: z.int().min(0), value: z.number(), name: z.string() }).meta({ id: 'BundledLabel' }))
      .min(2),
    head: z.literal('cumulative-link'),
    decode: z
      .strictObject({
        logits: z.literal('sigmoid(logit[k]) = P(y > k), k = 0 … K-2'),
        classIndex: z.literal('count of k with sigmoid(logit[k]) > 0.5'),
        expectedScore: z.literal('sum over k of sigmoid(logit[k]), in classes from 0 to K-1'),
      })
      .meta({ id: 'BundledDecode' }),
    cutpoints: z.array(z.number()).min(1).describe('theta[0] < … < theta[K-2]; logit[k] = f(x) - theta[k]'),
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
      .meta({ id: 'BundledTokenizer' }),
    models: z.strictObject({ fp32: modelFile, int8: modelFile }).meta({ id: 'BundledModels' }),
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
