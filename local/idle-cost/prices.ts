import { TierFailure } from '../tier/tier-failure.ts';

/** A list price, in USD for one `unit`, as its page (or a dated copy of it) gave it in the month `asOf`. Tiers start at the first unit; the free tier is not counted. */
export type Price = { usd: number; unit: string; source: string; asOf: string };

/** Of a month, as AWS's own calculator counts it. */
export const HOURS = 730;

const page = (path: string): string => `https://aws.amazon.com/${path}/`;
const MILLION = 1_000_000;

const US_EAST_1 = {
  'ecr.storage': { usd: 0.1, unit: 'GB-month', source: page('ecr/pricing'), asOf: '2026-03' },
  's3.standard': { usd: 0.023, unit: 'GB-month', source: page('s3/pricing'), asOf: '2025-06' },
  'dynamodb.storage': { usd: 0.25, unit: 'GB-month', source: page('dynamodb/pricing/on-demand'), asOf: '2025-07' },
  'dynamodb.point-in-time': { usd: 0.2, unit: 'GB-month', source: page('dynamodb/pricing/on-demand'), asOf: '2025-07' },
  'dynamodb.read': {
    usd: 0.125 / MILLION,
    unit: 'read request unit',
    source: page('dynamodb/pricing/on-demand'),
    asOf: '2025-07',
  },
  'backup.dynamodb': { usd: 0.1, unit: 'GB-month', source: page('backup/pricing'), asOf: '2025-06' },
  'backup.s3': { usd: 0.05, unit: 'GB-month', source: page('backup/pricing'), asOf: '2025-06' },
  'lambda.request': { usd: 0.2 / MILLION, unit: 'request', source: page('lambda/pricing'), asOf: '2026-03' },
  'lambda.arm': { usd: 0.0000133334, unit: 'GB-second', source: page('lambda/pricing'), asOf: '2026-03' },
  'lambda.x86': { usd: 0.0000166667, unit: 'GB-second', source: page('lambda/pricing'), asOf: '2026-03' },
  'events.event': { usd: 1 / MILLION, unit: 'event', source: page('eventbridge/pricing'), asOf: '2026-03' },
  'scheduler.invocation': { usd: 1 / MILLION, unit: 'invocation', source: page('eventbridge/pricing'), asOf: '2026-03' },
  'sqs.request': { usd: 0.4 / MILLION, unit: 'request', source: page('sqs/pricing'), asOf: '2025-06' },
  'states.transition': { usd: 25 / MILLION, unit: 'state transition', source: page('step-functions/pricing'), asOf: '2025-06' },
  'logs.ingestion': { usd: 0.5, unit: 'GB', source: page('cloudwatch/pricing'), asOf: '2026-02' },
  'logs.storage': { usd: 0.03, unit: 'GB-month', source: page('cloudwatch/pricing'), asOf: '2026-02' },
  'cloudwatch.alarm': { usd: 0.1, unit: 'alarm metric', source: page('cloudwatch/pricing'), asOf: '2026-02' },
  'cloudwatch.composite-alarm': { usd: 0.5, unit: 'alarm', source: page('cloudwatch/pricing'), asOf: '2026-02' },
  'cloudwatch.dashboard': { usd: 3, unit: 'dashboard', source: page('cloudwatch/pricing'), asOf: '2026-02' },
  'secrets.secret': { usd: 0.4, unit: 'secret', source: page('secrets-manager/pricing'), asOf: '2025-06' },
  'kms.key': { usd: 1, unit: 'key', source: page('kms/pricing'), asOf: '2026-03' },
  'kms.request': { usd: 0.03 / 10_000, unit: 'request', source: page('kms/pricing'), asOf: '2026-03' },
  'nat.gateway': { usd: 0.045, unit: 'hour', source: page('vpc/pricing'), asOf: '2026-02' },
  'vpc.public-ipv4': { usd: 0.005, unit: 'hour', source: page('vpc/pricing'), asOf: '2026-02' },
  'vpc.interface-endpoint': { usd: 0.01, unit: 'endpoint-zone-hour', source: page('privatelink/pricing'), asOf: '2026-02' },
  'waf.acl': { usd: 5, unit: 'web ACL', source: page('waf/pricing'), asOf: '2025-06' },
  'waf.rule': { usd: 1, unit: 'rule', source: page('waf/pricing'), asOf: '2025-06' },
  'route53.zone': { usd: 0.5, unit: 'hosted zone', source: page('route53/pricing'), asOf: '2025-06' },
  'cognito.machine-client': { usd: 6, unit: 'app client', source: page('cognito/pricing'), asOf: '2025-05' },
  'ec2.m6i.large': { usd: 0.096, unit: 'hour', source: page('ec2/pricing/on-demand'), asOf: '2025-06' },
  'fargate.arm-vcpu': { usd: 0.03238, unit: 'vCPU-hour', source: page('fargate/pricing'), asOf: '2026-03' },
  'fargate.arm-memory': { usd: 0.00356, unit: 'GB-hour', source: page('fargate/pricing'), asOf: '2026-03' },
  'elb.application': { usd: 0.0225, unit: 'hour', source: page('elasticloadbalancing/pricing'), asOf: '2026-03' },
  'ebs.gp3': { usd: 0.08, unit: 'GB-month', source: page('ebs/pricing'), asOf: '2025-06' },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof US_EAST_1;
export type Prices = Record<PriceName, Price>;

const REGIONS: Record<string, Prices> = { 'us-east-1': US_EAST_1 };

/** @throws TierFailure for a region whose list prices are not in the table */
export const pricesOf = (region: string): Prices => {
  const prices = REGIONS[region];
  if (prices) return prices;
  throw new TierFailure(
    `The idle bill has no list prices of ${region}, only of ${Object.keys(REGIONS).join(', ')}. Add them to local/idle-cost/prices.ts, or let prices.region in the deployment's configuration name one of those for an estimate.`,
  );
};
