import type { DeploymentInput } from '../../lib/config/deployment.ts';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-0123456789ab';
const domain = { name: 'api.example.com', hostedZone: { id: 'Z0123456789ABCDEFGHIJ', name: 'example.com' } };

/** Everything on that can be on at once. */
export const EVERY_SWITCH = {
  name: 'full',
  tenant: 'acme',
  terminationProtection: true,
  objectLock: { enabled: true },
  allowedSources: ['s3://partner-data/ratings/'],
  api: { corsOrigins: ['https://console.example.com'] },
  privateSubnets: true,
  benchmarkOnGraviton: true,
  rehearsals: { interruptSpotHost: true },
  spotChecks: { alarmTopic: 'arn:aws:sns:us-east-1:123456789012:on-call' },
  replication: { region: 'eu-west-1' },
  inference: {
    enabled: true,
    models: { 'acme/sentiment': {}, 'acme/product-photos': { minTasks: 1, vcpus: 4, memoryGiB: 8, p95Milliseconds: 250 } },
    certificateArn,
    alarmTopic: 'arn:aws:sns:us-east-1:123456789012:on-call',
  },
  domain,
  edge: {},
  machineClients: {
    ci: { tenant: 'acme', groups: ['members'] },
    nightly: { tenant: 'acme' },
  },
} as const satisfies DeploymentInput;

/** What excludes one of those: a key of one's own, another identity provider, a storage that is there already, data that goes with the stack. */
export const THE_OTHER_WAY = {
  name: 'otherwise',
  data: 'destroy',
  customerKeys: true,
  identity: { external: { issuer: 'https://login.example.com', audience: ['spotforge'] } },
  domain,
  inference: {
    enabled: true,
    models: { 'acme/sentiment': {} },
    certificateArn,
    internetFacing: true,
    clients: ['203.0.113.0/24'],
  },
} as const satisfies DeploymentInput;

/** After a restore: a table and buckets that are there already, users and images that a deleted deployment left. */
export const RESTORED = {
  name: 'restored',
  existing: {
    table: {
      name: 'restored-table',
      streamArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/restored-table/stream/2026-11-01T00:00:00.000',
    },
    buckets: { datasets: 'old-datasets', releases: 'old-releases' },
    userPoolId: 'us-east-1_a1B2c3D4e',
    repositories: true,
  },
  machineClients: { ci: { tenant: 'acme' } },
} as const satisfies DeploymentInput;

/** What the checks of templates look at, so that no switch turns on something that nobody has checked. */
export const DEPLOYMENTS: Readonly<Record<string, DeploymentInput>> = {
  'the default configuration': {},
  'every switch that goes together': EVERY_SWITCH,
  'the switches that exclude those': THE_OTHER_WAY,
  'a restored deployment': RESTORED,
};
