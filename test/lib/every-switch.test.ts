import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type DeploymentInput, deploymentConfig } from '../../lib/config/deployment.ts';
import { DEPLOYMENTS } from './every-switch.ts';
import { switchesOf } from './switches-of.ts';

const valueAt = (configuration: DeploymentInput, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], configuration);

describe('the switches of a configuration', () => {
  it('are each on in one of the deployments that the checks of templates look at', () => {
    const switches = switchesOf(deploymentConfig);
    expect(switches).toEqual(
      expect.arrayContaining([
        'privateSubnets',
        'customerKeys',
        'edge',
        'domain',
        'replication',
        'machineClients',
        'inference.enabled',
      ]),
    );
    const on = (path: string): boolean => Object.values(DEPLOYMENTS).some((each) => Boolean(valueAt(each, path)));
    expect(switches.filter((path) => !on(path))).toEqual([]);
  });

  it('are found in a configuration that nobody has listed', () => {
    const planted = z.strictObject({
      fast: z.boolean().default(false),
      named: z.record(z.string(), z.string()).default({}),
      group: z.strictObject({ slow: z.boolean().default(true), other: z.strictObject({}).optional() }).prefault({}),
    });
    expect(switchesOf(planted)).toEqual(['fast', 'named', 'group.other']);
  });
});
