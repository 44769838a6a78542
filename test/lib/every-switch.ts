import type { DeploymentInput } from '../../lib/config/deployment.ts';

/** Everything on that can be on at once, so that the checks of templates see it too. */
export const EVERY_SWITCH = {
  name: 'full',
  tenant: 'acme',
  terminationProtection: true,
  allowedSources: ['s3://partner-data/ratings/'],
  api: { corsOrigins: ['https://console.example.com'] },
  privateSubnets: true,
  rehearsals: { interruptSpotHost: true },
  domain: { name: 'api.example.com', hostedZone: { id: 'Z0123456789ABCDEFGHIJ', name: 'example.com' } },
  edge: {},
  machineClients: {
    ci: { tenant: 'acme', groups: ['members'] },
    nightly: { tenant: 'acme' },
  },
} as const satisfies DeploymentInput;
