import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../../functions/shared/contracts/bundle.ts';
import { layOut, localBundles, newestModel } from '../../../local/inference/local-bundles.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});
const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'local-bundles-'));
  folders.push(folder);
  return folder;
};

const SHA = (digit: string): string => digit.repeat(64);
const aModel = { file: 'fp32/model.onnx', bytes: 1, sha256: SHA('1'), gate: { passed: true, measured: {} } };

const aBundle = (more: Partial<Bundle> = {}): Bundle => ({
  schemaVersion: 1,
  experimentId: 'exp_01h455vb4pex5vsknk084sn02q',
  tenant: 'acme',
  name: 'sentiment',
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  task: 'text-ordinal',
  labels: [
    { index: 0, value: 0, name: 'bad' },
    { index: 1, value: 1, name: 'good' },
  ],
  head: 'cross-entropy',
  decode: {
    logits: 'softmax(logits)[c] = P(y = c), c = 0 … K-1',
    classIndex: 'count of k with P(y > k) > 0.5',
    expectedScore: 'sum over k of P(y > k), in classes from 0 to K-1',
  },
  cutpoints: [],
  inputs: [{ name: 'input_ids', dtype: 'int64', axes: ['batch', 'sequence'] }],
  outputs: [{ name: 'logits', dtype: 'float32', axes: ['batch', 'logits'] }],
  models: { fp32: aModel },
  preferred: 'fp32',
  metrics: {},
  dataset: { rawSha256: SHA('2'), processedSha256: SHA('3') },
  baseModelSha256: SHA('4'),
  gitSha: 'unknown',
  opset: 18,
  onnxruntime: '1.31.1',
  parity: { inputs: 'parity/inputs.npz', expected: 'parity/expected.npz', rows: 64 },
  files: [{ path: 'fp32/model.onnx', bytes: 1, sha256: SHA('1') }],
  bundleSha256: SHA('5'),
  ...more,
});

const written = (folder: string, bundle: Bundle): void => {
  mkdirSync(join(folder, 'fp32'), { recursive: true });
  writeFileSync(join(folder, 'fp32/model.onnx'), `model of version ${bundle.version}`);
  writeFileSync(join(folder, 'fp32/model.onnx.meta.json'), '{}');
  writeFileSync(join(folder, 'bundle.json'), JSON.stringify(bundle));
};
const released = (dot: string, bundle: Bundle): void =>
  written(join(dot, `local/aws/objects/000000000000/releases/bundles/${bundle.tenant}/${bundle.name}/${bundle.version}`), bundle);

describe('the bundles on this machine', () => {
  const dot = aFolder();
  released(dot, aBundle({ version: 1, bundleSha256: SHA('a') }));
  released(dot, aBundle({ version: 2, bundleSha256: SHA('b'), createdAt: '2026-03-01T00:00:00.000Z' }));
  released(dot, aBundle({ name: 'other', bundleSha256: SHA('c'), createdAt: '2026-02-01T00:00:00.000Z' }));
  written(join(dot, 'bundle'), aBundle({ version: 2, bundleSha256: SHA('b'), createdAt: '2026-03-01T00:00:00.000Z' }));
  const names = (bundles: ReturnType<typeof localBundles>): string[] =>
    bundles.map(({ bundle }) => `${bundle.name} ${bundle.version}`);

  it('are those of the local tier and of the demo, each once, the newest first', () => {
    expect(names(localBundles(dot))).toEqual(['sentiment 2', 'other 1', 'sentiment 1']);
  });

  it('are none where none was released, and none of what is no bundle', () => {
    const empty = aFolder();
    mkdirSync(join(empty, 'bundle'));
    writeFileSync(join(empty, 'bundle/bundle.json'), '{"schemaVersion": 7}');
    expect(localBundles(empty)).toEqual([]);
    expect(newestModel([])).toEqual([]);
  });

  it('of the newest model are laid out by version, without what the local AWS keeps beside', () => {
    const laid = layOut(newestModel(localBundles(dot)), join(dot, 'serving/bundles'));
    expect(readFileSync(join(laid, '1/fp32/model.onnx'), 'utf8')).toBe('model of version 1');
    expect(readFileSync(join(laid, '2/fp32/model.onnx'), 'utf8')).toBe('model of version 2');
    expect(existsSync(join(laid, '2/bundle.json'))).toBe(true);
    expect(existsSync(join(laid, '2/fp32/model.onnx.meta.json'))).toBe(false);
  });

  it('replace the ones that were laid out before', () => {
    layOut([], join(dot, 'serving/bundles'));
    expect(existsSync(join(dot, 'serving/bundles/2'))).toBe(false);
  });
});
