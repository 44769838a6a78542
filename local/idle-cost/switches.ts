import type { DeploymentInput } from '../../lib/config/deployment.ts';

/** Settings that may change what a deployment costs when idle. What each adds is found by synthesising with it, never written down. */
export type CostSwitch = { name: string; overrides: DeploymentInput };

export const SWITCHES: readonly CostSwitch[] = [
  { name: 'privateSubnets', overrides: { privateSubnets: true } },
  { name: 'rehearsals.interruptSpotHost', overrides: { rehearsals: { interruptSpotHost: true } } },
];

/** Optional settings that have no idle cost of their own, and why no synthesis is spent on them. */
export const WITHOUT_COST: Readonly<Record<string, string>> = {
  'identity.external': 'replaces the user pool, which costs nothing without active users',
  existing: 'the table and buckets are then another deployment’s, and on its bill',
};
