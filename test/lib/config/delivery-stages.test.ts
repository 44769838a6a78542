import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assertConsistent } from '../../../lib/config/consistency.ts';
import { DELIVERY_STAGES } from '../../../lib/config/delivery-stages.ts';
import type { DeploymentInput } from '../../../lib/config/deployment.ts';
import { loadConfigured, parseDeployment } from '../../../lib/config/load-deployment.ts';
import { locksObjects } from '../../../lib/config/storage.ts';

const committed = (stage: string): DeploymentInput =>
  JSON.parse(readFileSync(new URL(`../../../config/${stage}.json`, import.meta.url), 'utf8'));
const checked = (overrides: DeploymentInput) => () => assertConsistent(parseDeployment(overrides));

describe('the committed configurations', () => {
  it.each(DELIVERY_STAGES)('%s can be deployed by its name', (stage) => {
    const deployment = loadConfigured({ stage });
    expect(deployment.deliveryStage).toBe(stage);
    expect(() => assertConsistent(deployment)).not.toThrow();
  });

  it('meet in one account without sharing a name', () => {
    expect(new Set(DELIVERY_STAGES.map((stage) => loadConfigured({ stage }).name)).size).toBe(DELIVERY_STAGES.length);
  });

  it('keep and protect what is in prod', () => {
    const prod = loadConfigured({ stage: 'prod' });
    expect(prod).toMatchObject({ data: 'retain', terminationProtection: true });
    expect(prod.logRetentionDays).toBeGreaterThanOrEqual(90);
    expect(locksObjects(prod)).toBe(true);
  });

  it('make dev small, and let it go', () => {
    const dev = loadConfigured({ stage: 'dev' });
    expect(dev).toMatchObject({ data: 'destroy', terminationProtection: false });
    expect(locksObjects(dev)).toBe(false);
    const [small, usual] = [dev, parseDeployment({})].map(({ queues }) =>
      Object.values(queues).reduce((sum, { maxvCpus }) => sum + maxvCpus, 0),
    );
    expect(small).toBeLessThan(Number(usual) / 2);
  });
});

describe('a prod configuration', () => {
  const prod = committed('prod');

  it.each([
    [
      'data that goes with the stack',
      { data: 'destroy', objectLock: { enabled: true } },
      /data is destroy, but deliveryStage is prod: .*Set data to retain/,
    ],
    [
      'stacks that one command deletes',
      { terminationProtection: false },
      /terminationProtection is false, but deliveryStage is prod/,
    ],
    [
      'releases that one call deletes',
      { objectLock: { enabled: false } },
      /objectLock\.enabled is false, but deliveryStage is prod/,
    ],
    [
      'logs that are gone too soon',
      { logRetentionDays: 60 },
      /logRetentionDays is 60, but deliveryStage is prod: .*at least 90 days/,
    ],
  ] as const)('is refused with %s, with the reason', (_what, change, reason) => {
    expect(checked(prod)).not.toThrow();
    expect(checked({ ...prod, ...change })).toThrow(reason);
    expect(checked({ ...prod, ...change, deliveryStage: 'staging' })).not.toThrow();
  });
});

describe('a dev configuration', () => {
  const dev = committed('dev');

  it.each([
    ['data that stays behind', { data: 'retain' }, /data is retain, but deliveryStage is dev/],
    [
      'objects that nobody can delete',
      { objectLock: { enabled: true } },
      /objectLock\.enabled is true, but deliveryStage is dev/,
    ],
    ['stacks that cannot be deleted', { terminationProtection: true }, /terminationProtection is true, but deliveryStage is dev/],
  ] as const)('is refused with %s, with the reason', (_what, change, reason) => {
    expect(checked(dev)).not.toThrow();
    expect(checked({ ...dev, ...change })).toThrow(reason);
  });
});

describe('the context', () => {
  it('names a delivery stage or a file, not both, and only stages that there are', () => {
    expect(() => loadConfigured({ stage: 'prod', config: 'my.json' })).toThrow(/Give one of the two/);
    expect(() => loadConfigured({ stage: 'production' })).toThrow(
      /-c stage=production is no delivery stage\. Known: dev, staging, prod/,
    );
    expect(() => loadConfigured({ config: '/nowhere/my.json' })).toThrow(/\/nowhere\/my\.json/);
    expect(loadConfigured({}).deliveryStage).toBeUndefined();
  });
});
