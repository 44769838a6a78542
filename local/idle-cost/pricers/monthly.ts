import * as z from 'zod';
import type { Resources } from '../../deployment/template-resources.ts';
import { type BillItem, type Charge, each, type Pricing } from '../bill-item.ts';
import { HOURS, type PriceName } from '../prices.ts';
import { KEY_REQUESTS_PER_HOUR } from '../reference-usage.ts';

/** What is billed by the piece or by the hour for being there. */
const BY_COUNT: Record<string, { item: string; price: PriceName; perPiece: number }> = {
  'AWS::CloudWatch::CompositeAlarm': { item: 'composite alarms', price: 'cloudwatch.composite-alarm', perPiece: 1 },
  'AWS::CloudWatch::Dashboard': { item: 'dashboards', price: 'cloudwatch.dashboard', perPiece: 1 },
  'AWS::SecretsManager::Secret': { item: 'secrets', price: 'secrets.secret', perPiece: 1 },
  'AWS::EC2::NatGateway': { item: 'NAT gateways', price: 'nat.gateway', perPiece: HOURS },
  'AWS::EC2::EIP': { item: 'public addresses', price: 'vpc.public-ipv4', perPiece: HOURS },
};

const recordSet = z.looseObject({ HostedZoneId: z.unknown().optional() });

/** Those of the template, and those that were there before, of which it has only the records. */
const zones = (resources: Resources): number => {
  const named = resources.ofType('AWS::Route53::RecordSet').map(({ properties }) => recordSet.parse(properties).HostedZoneId);
  return resources.ofType('AWS::Route53::HostedZone').length + new Set(named.filter((id) => typeof id === 'string')).size;
};

const KEYS = ['AWS::KMS::Key', 'AWS::KMS::ReplicaKey'];

const alarm = z.looseObject({ Metrics: z.array(z.looseObject({ MetricStat: z.unknown().optional() })).optional() });
const acl = z.looseObject({ Rules: z.array(z.unknown()).default([]) });
const client = z.looseObject({ AllowedOAuthFlows: z.array(z.string()).default([]) });
const endpoint = z.looseObject({ VpcEndpointType: z.string().default('Gateway'), SubnetIds: z.array(z.unknown()).default([]) });

const sum = <Properties>(
  resources: Resources,
  type: string,
  schema: z.ZodType<Properties>,
  count: (properties: Properties) => number,
): number => resources.ofType(type).reduce((total, { properties }) => total + count(schema.parse(properties)), 0);

const counted = (resources: Resources, charge: Charge): BillItem[] =>
  Object.entries(BY_COUNT).flatMap(([type, { item, price, perPiece }]) =>
    each(charge, item, price, resources.ofType(type).length * perPiece),
  );

export const MONTHLY: Pricing = {
  types: [
    ...Object.keys(BY_COUNT),
    ...KEYS,
    'AWS::Route53::HostedZone',
    'AWS::Route53::RecordSet',
    'AWS::CloudWatch::Alarm',
    'AWS::WAFv2::WebACL',
    'AWS::Cognito::UserPoolClient',
    'AWS::EC2::VPCEndpoint',
  ],
  items: (resources, charge) => {
    const keys = KEYS.flatMap((type) => resources.ofType(type)).length;
    // An alarm is billed for every metric that its expression reads.
    const metrics = sum(resources, 'AWS::CloudWatch::Alarm', alarm, ({ Metrics }) =>
      Math.max(1, Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1),
    );
    return [
      ...each(charge, 'alarms', 'cloudwatch.alarm', metrics),
      ...counted(resources, charge),
      ...each(charge, 'hosted zones', 'route53.zone', zones(resources)),
      ...each(charge, 'customer keys', 'kms.key', keys),
      ...each(charge, 'customer keys: requests', 'kms.request', keys * KEY_REQUESTS_PER_HOUR * HOURS),
      ...each(charge, 'web ACLs', 'waf.acl', resources.ofType('AWS::WAFv2::WebACL').length),
      ...each(
        charge,
        'web ACLs: rules',
        'waf.rule',
        sum(resources, 'AWS::WAFv2::WebACL', acl, ({ Rules }) => Rules.length),
      ),
      ...each(
        charge,
        'machine-to-machine clients',
        'cognito.machine-client',
        sum(resources, 'AWS::Cognito::UserPoolClient', client, ({ AllowedOAuthFlows }) =>
          AllowedOAuthFlows.includes('client_credentials') ? 1 : 0,
        ),
      ),
      ...each(
        charge,
        'interface endpoints',
        'vpc.interface-endpoint',
        sum(resources, 'AWS::EC2::VPCEndpoint', endpoint, ({ VpcEndpointType, SubnetIds }) =>
          VpcEndpointType === 'Interface' ? SubnetIds.length * HOURS : 0,
        ),
      ),
    ];
  },
};
