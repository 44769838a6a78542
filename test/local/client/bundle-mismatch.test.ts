import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { treeHash } from '../../../functions/shared/contracts/tree-hash.ts';
import { verifyBundle } from '../../../local/client/download-bundle.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const model = { file: 'fp32/model.onnx', bytes: 1, sha256: sha('m'), gate: { passed: true, measured: {} } };
const tensor = { name: 'x', dtype: 'int64', axes: ['batch'] };

/** A folder with one file and a bundle.json that is right but for the overrides. */
const aBundle = (overrides: Record<string, unknown> = {}): string => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-bundle-'));
  const files = [{ path: 'tokenizer.json', bytes: 5, sha256: sha('hello') }];
  writeFileSync(join(folder, 'tokenizer.json'), 'hello');
  const document = {
    schemaVersion: 1,
    experimentId: 'exp_01h455vb4pex5vsknk084sn02q',
    tenant: 'demo',
    name: 'sentiment',
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    task: 'text-ordinal',
    labels: [0, 1].map((index) => ({ index, value: index, name: `${index}` })),
    head: 'cumulative-link',
    decode: {
      logits: 'sigmoid(logit[k]) = P(y > k), k = 0 … K-2',
      classIndex: 'count of k with P(y > k) > 0.5',
      expectedScore: 'sum over k of P(y > k), in classes from 0 to K-1',
    },
    cutpoints: [0],
    inputs: [tensor],
    outputs: [tensor],
    tokenizer: { file: 'tokenizer.json', maxLength: 8, truncation: 'longest_first', padding: 'right', padId: 0 },
    models: { fp32: model, int8: model },
    preferred: 'int8',
    metrics: {},
    dataset: { rawSha256: sha('r'), processedSha256: sha('p') },
    baseModelSha256: sha('b'),
    gitSha: 'unknown',
    opset: 18,
    onnxruntime: '1.31.1',
    parity: { inputs: 'parity/inputs.npz', expected: 'parity/expected.npz', rows: 64 },
    files,
    bundleSha256: treeHash(files),
    ...overrides,
  };
  writeFileSync(join(folder, 'bundle.json'), JSON.stringify(document));
  return folder;
};

describe('a downloaded bundle', () => {
  it('is taken when every file and the tree hash hold', async () => {
    expect((await verifyBundle(aBundle())).version).toBe(1);
  });

  it('is refused when a file is not the one that was published', async () => {
    const folder = aBundle();
    writeFileSync(join(folder, 'tokenizer.json'), 'hullo');
    await expect(verifyBundle(folder)).rejects.toThrow(/^tokenizer\.json has SHA-256 .*, bundle\.json says/);
  });

  it('is refused when the tree hash is another one', async () => {
    await expect(verifyBundle(aBundle({ bundleSha256: sha('x') }))).rejects.toThrow(/tree hash/);
  });
});
