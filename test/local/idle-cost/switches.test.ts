import { beforeAll, describe, expect, it } from 'vitest';
import { deploymentConfig } from '../../../lib/config/deployment.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { resourcesOf } from '../../../local/deployment/template-resources.ts';
import { addedItems } from '../../../local/idle-cost/added-items.ts';
import { type Bill, billOf } from '../../../local/idle-cost/bill.ts';
import { mergedSettings } from '../../../local/idle-cost/merged-settings.ts';
import { pricesOf } from '../../../local/idle-cost/prices.ts';
import { SWITCHES, WITHOUT_COST } from '../../../local/idle-cost/switches.ts';
import { switchesOf } from '../../lib/switches-of.ts';
import { synthesise } from '../../lib/synthesised.ts';

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
    expect(switchesOf(deploymentConfig).filter((name) => !known.includes(name))).toEqual([]);
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
    it.each<[string, [string, number][]]>([
      [
        'privateSubnets',
        [
          ['NAT gateways', 730],
          ['public addresses', 730],
        ],
      ],
      [
        'customerKeys',
        [
          ['customer keys', 1],
          ['customer keys: requests', 12 * 730],
        ],
      ],
      ['replication', [['replica of models and data in S3', 5]]],
      ['machineClients', [['machine-to-machine clients', 1]]],
      ['domain', [['hosted zones', 1]]],
      [
        'edge',
        [
          ['secrets', 1],
          ['hosted zones', 1],
          ['web ACLs', 1],
          ['web ACLs: rules', 4],
        ],
      ],
      [
        'inference.enabled',
        [
          ['alarms', 8],
          ['secrets', 1],
          ['spotforge-acme-sentiment: processors of tasks', 3 * 730 * 2],
          ['spotforge-acme-sentiment: memory of tasks', 3 * 730 * 4],
          ['spotforge-acme-sentiment: addresses of tasks', 3 * 730],
          ['load balancers', 730],
          ['alarms of target tracking', 2],
        ],
      ],
      ['benchmarkOnGraviton', []],
    ])('%s adds what it has, and nothing else', (name, expected) => {
      const { overrides } = SWITCHES.find((each) => each.name === name) ?? { overrides: {} };
      const added = addedItems(base.items, billOfDeployment(overrides).items);
      expect(added.map(({ item, quantity }) => [item, quantity])).toEqual(expected);
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
