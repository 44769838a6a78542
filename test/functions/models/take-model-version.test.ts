import { beforeAll, describe, expect, it } from 'vitest';
import { modelVersions } from '../../../functions/models/model-versions.ts';
import { takeModelVersion } from '../../../functions/models/take-model-version.ts';
import { anId } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

const take = async (model: string, experimentId = anId(), tenant = 'acme') =>
  (await takeModelVersion({ experimentId, run: 1, tenant, model }, modelVersions(aws.table))).version;

describe('take-model-version', () => {
  it('counts from 1 for each model of each tenant', async () => {
    expect([await take('counted'), await take('counted'), await take('other'), await take('counted', anId(), 'globex')]).toEqual([
      1, 2, 1, 1,
    ]);
  });

  it('tells a replay, or a later run, the same version', async () => {
    const id = anId();
    const first = await take('replayed', id);
    await take('replayed');
    expect(await take('replayed', id)).toBe(first);
  });

  it('gives ten experiments at once ten versions without a gap', async () => {
    const taken = await Promise.all(Array.from({ length: 10 }, () => take('crowded')));
    expect(taken.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('gives one experiment that asks five times at once one version', async () => {
    const id = anId();
    expect(new Set(await Promise.all(Array.from({ length: 5 }, () => take('asked', id))))).toEqual(new Set([1]));
    expect(await take('asked')).toBe(2);
  });

  it('refuses what the state machine never sends', async () => {
    await expect(takeModelVersion({ model: 'x' }, modelVersions(aws.table))).rejects.toThrow();
  });
});
