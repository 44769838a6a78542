import type { DeploymentInput } from '../../lib/config/deployment.ts';

/** Settings that may change what a deployment costs when idle. What each adds is found by synthesising with it, never written down. */
export type CostSwitch = { name: string; overrides: DeploymentInput };

const EXAMPLE_CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-0123456789ab';
const EXAMPLE_DOMAIN = { name: 'api.example.com', hostedZone: { id: 'Z0123456789ABCDEFGHIJ', name: 'example.com' } };

export const SWITCHES: readonly CostSwitch[] = [
  { name: 'privateSubnets', overrides: { privateSubnets: true } },
  { name: 'customerKeys', overrides: { customerKeys: true } },
  { name: 'replication', overrides: { replication: { region: 'us-west-2' } } },
  { name: 'machineClients', overrides: { machineClients: { ci: { tenant: 'acme' } } } },
  { name: 'domain', overrides: { domain: EXAMPLE_DOMAIN } },
  { name: 'edge', overrides: { domain: EXAMPLE_DOMAIN, edge: {} } },
  { name: 'benchmarkOnGraviton', overrides: { benchmarkOnGraviton: true } },
  {
    name: 'inference.enabled',
    overrides: { inference: { enabled: true, models: { 'acme/sentiment': {} }, certificateArn: EXAMPLE_CERTIFICATE } },
  },
  {
    name: 'inference.internetFacing',
    overrides: {
      inference: {
        enabled: true,
        models: { 'acme/sentiment': {} },
        certificateArn: EXAMPLE_CERTIFICATE,
        internetFacing: true,
        clients: ['203.0.113.0/24'],
      },
    },
  },
  { name: 'rehearsals.interruptSpotHost', overrides: { rehearsals: { interruptSpotHost: true } } },
];

/** Optional settings that have no idle cost of their own, and why no synthesis is spent on them. */
export const WITHOUT_COST: Readonly<Record<string, string>> = {
  'identity.external': 'replaces the user pool, which costs nothing without active users',
  'existing.table': 'takes the place of the deployment’s own, at the same price',
  'existing.repositories': 'images are counted either way',
  'objectLock.enabled': 'S3 asks nothing for a lock; what it keeps is the reference of 5 GB',
  terminationProtection: 'configuration, never billed',
  'inference.models': 'nothing while inference.enabled is off; with it, each one is what inference.enabled adds',
};
