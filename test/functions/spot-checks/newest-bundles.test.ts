import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestBundles } from '../../../functions/spot-checks/newest-bundles.ts';

const at = (path: string, minute: number) => ({ key: `bundles/${path}`, modified: new Date(Date.UTC(2026, 9, 1, 0, minute)) });
const bundle = (model: string, minute: number) => at(`${model}/bundle.json`, minute);
const choose = (objects: ReturnType<typeof at>[], most = 20, whole = true) => newestBundles({ objects, whole }, 'releases', most);

describe('the bundles of a spot check', () => {
  it('are the newest version of each model, by number, those released last first', () => {
    const { bundles, notes } = choose([
      bundle('acme/sentiment/9', 7),
      bundle('acme/sentiment/10', 8),
      bundle('acme/grades/1', 9),
      bundle('globex/sentiment/2', 1),
      at('acme/sentiment/11/fp32/model.onnx', 9), // a bundle without its document does not exist
    ]);
    expect(bundles).toEqual(
      ['acme/grades/1', 'acme/sentiment/10', 'globex/sentiment/2'].map((path) => `s3://releases/bundles/${path}/`),
    );
    expect(notes).toEqual([]);
  });

  it('are bounded, and what is left out is said', () => {
    const { bundles, notes } = choose([bundle('acme/a/1', 1), bundle('acme/b/1', 2), bundle('acme/c/1', 3)], 2, false);
    expect(bundles).toEqual(['s3://releases/bundles/acme/c/1/', 's3://releases/bundles/acme/b/1/']);
    expect(notes).toEqual([
      'Only the first 3 objects of the releases bucket, by key, were looked at: newer ones may lie behind them.',
      '1 models that were released earlier were not looked at (spotChecks.models allows 2).',
    ]);
  });

  it('are none when nothing was released', () => {
    expect(choose([])).toEqual({ bundles: [], notes: [] });
  });

  it('do not depend on the order in which objects are listed', () => {
    const objects = ['acme/a/1', 'acme/a/2', 'acme/b/7', 'globex/a/1'].map((path, minute) => bundle(path, minute));
    fc.assert(
      fc.property(fc.shuffledSubarray(objects, { minLength: objects.length }), (shuffled) => {
        expect(choose(shuffled)).toEqual(choose(objects));
      }),
    );
  });
});
