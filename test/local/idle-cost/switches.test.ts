import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { deploymentConfig } from '../../../lib/config/deployment.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { resourcesOf } from '../../../local/deployment/template-resources.ts';
import { addedItems } from '../../../local/idle-cost/added-items.ts';
import { type Bill, billOf } from '../../../local/idle-cost/bill.ts';
import { mergedSettings } from '../../../local/idle-cost/merged-settings.ts';
import { pricesOf } from '../../../local/idle-cost/prices.ts';
import { SWITCHES, WITHOUT_COST } from '../../../local/idle-cost/switches.ts';
import { synthesise } from '../../lib/synthesised.ts';

/** What can be switched on in a configuration: every boolean that is off by default, every group of settings that may be absent. */
const switchesOf = (schema: z.core.$ZodType, path: string): string[] => {
  const { def } = schema._zod;
  if (def.type === 'optional') {
    const { innerType } = def as unknown as { innerType: z.core.$ZodType };
    return innerType._zod.def.type === 'object' ? [path] : [];
  }
  if (def.type === 'default' || def.type === 'prefault') {
    const { innerType, defaultValue } = def as unknown as { innerType: z.core.$ZodType; defaultValue: unknown };
    if (innerType._zod.def.type === 'boolean') return defaultValue === false ? [path] : [];
    return switchesOf(innerType, path);
  }
  if (def.type !== 'object') return [];
  const { shape } = def as unknown as { shape: Record<string, z.core.$ZodType> };
  return Object.entries(shape).flatMap(([key, member]) => switchesOf(member, path ? `${path}.${key}` : key));
};

const prices = pricesOf('us-east-1');
const billOfDeployment = (overrides: object = {}): Bill =>
  billOf(
    resourcesOf(
      Object.fromEntries(Object.entries(synthesise(overrides).templates).map(([name, template]) => [name, template.toJSON()])),
    ),
    prices,
  );

describe('the switches of the bill', () => {
  it('are all that a configuration has', () => {
    const known = [...SWITCHES.map(({ name }) => name), ...Object.keys(WITHOUT_COST)];
    expect(switchesOf(deploymentConfig, '').filter((name) => !known.includes(name))).toEqual([]);
  });

  it('are found in a configuration that nobody has listed', () => {
    const planted = z.strictObject({
      fast: z.boolean().default(false),
      group: z.strictObject({ slow: z.boolean().default(true), other: z.strictObject({}).optional() }).prefault({}),
    });
    expect(switchesOf(planted, '')).toEqual(['fast', 'group.other']);
  });

  it.each(SWITCHES.map(({ name, overrides }) => [name, overrides] as const))(
    '%s is a setting of a deployment',
    (_name, overrides) => {
      expect(() => parseDeployment(overrides)).not.toThrow();
    },
  );

  describe('priced by synthesising with them', () => {
    let base: Bill;
    beforeAll(() => {
      base = billOfDeployment();
    });
    it('private subnets add a NAT gateway and its address', () => {
      const added = addedItems(base.items, billOfDeployment({ privateSubnets: true }).items);
      expect(added.map(({ item, quantity }) => [item, quantity])).toEqual([
        ['NAT gateways', 730],
        ['public addresses', 730],
      ]);
    });
  });
});

describe('a switch on top of a configuration', () => {
  it('leaves the other settings as they are', () => {
    const settings = { name: 'mine', rehearsals: { upgrade: { package: 'torch' } }, allowedSources: ['s3://a/'] };
    expect(mergedSettings(settings, { rehearsals: { interruptSpotHost: true } })).toEqual({
      ...settings,
      rehearsals: { upgrade: { package: 'torch' }, interruptSpotHost: true },
    });
  });
  it('replaces a list as a whole', () => {
    expect(mergedSettings({ allowedSources: ['s3://a/'] }, { allowedSources: ['s3://b/'] })).toEqual({
      allowedSources: ['s3://b/'],
    });
  });
});
