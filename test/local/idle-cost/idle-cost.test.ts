import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { resourcesOf } from '../../../local/deployment/template-resources.ts';
import { addedItems } from '../../../local/idle-cost/added-items.ts';
import { type Bill, billOf, PRICED_TYPES } from '../../../local/idle-cost/bill.ts';
import type { BillItem } from '../../../local/idle-cost/bill-item.ts';
import { FREE_WHEN_IDLE } from '../../../local/idle-cost/free-when-idle.ts';
import { pricesOf } from '../../../local/idle-cost/prices.ts';
import { synthesise } from '../../lib/synthesised.ts';

const PRICES = pricesOf('us-east-1');
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:123456789012:news';

let templates: Record<string, object>;
let bill: Bill;
beforeAll(() => {
  templates = Object.fromEntries(Object.entries(synthesise().templates).map(([name, template]) => [name, template.toJSON()]));
  bill = billOf(resourcesOf(templates), PRICES);
});

/** The default deployment with resources planted into a stack of their own. */
const billWith = (Resources: Record<string, { Type: string; Properties?: object }>): Bill =>
  billOf(resourcesOf({ ...templates, planted: { Resources } }), PRICES);
const addedBy = (Resources: Record<string, { Type: string; Properties?: object }>): BillItem[] =>
  addedItems(bill.items, billWith(Resources).items);

describe('the idle bill of the default configuration', () => {
  it('stays at or below three dollars a month', () => {
    expect(bill.totalUsdPerMonth).toBeGreaterThan(1);
    expect(bill.totalUsdPerMonth).toBeLessThanOrEqual(3);
  });

  it('is the sum of its items, each quantity times unit price', () => {
    for (const { item, quantity, unitUsd, usdPerMonth } of bill.items) {
      expect(usdPerMonth, item).toBeCloseTo(quantity * unitUsd, 10);
      expect(quantity, item).toBeGreaterThan(0);
    }
    expect(bill.totalUsdPerMonth).toBeCloseTo(
      bill.items.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0),
      10,
    );
  });

  it('is what the page about it says', () => {
    const page = readFileSync(new URL('../../../docs/idle-cost.md', import.meta.url), 'utf8');
    expect(page).toContain(`| **${bill.totalUsdPerMonth.toFixed(4)}** |`);
  });

  it('names every item once', () => {
    const names = bill.items.map(({ item }) => item);
    expect(new Set(names).size).toBe(names.length);
  });

  it('counts images, models, the table with its recovery, and what the supervisor does each minute', () => {
    expect(bill.items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ item: 'images in ECR', quantity: 10, unitUsd: 0.1, usdPerMonth: 1 }),
        expect.objectContaining({ item: 'models and data in S3', quantity: 5 }),
        expect.objectContaining({ item: 'table: storage', quantity: 0.1 }),
        expect.objectContaining({ item: 'table: point-in-time recovery', quantity: 0.1 }),
        expect.objectContaining({ item: 'spotforge-supervise: Lambda requests', quantity: 43_800 }),
        expect.objectContaining({ item: 'spotforge-supervise: DynamoDB reads', quantity: 87_600 }),
        expect.objectContaining({ item: 'spotforge-redrive: SQS requests', quantity: 1_460 }),
      ]),
    );
    expect(bill.items.map(({ item }) => item)).toContain('spotforge-rehearse: state transitions');
  });
});

describe('a resource that costs something', () => {
  it.each([
    ['a NAT gateway', { Type: 'AWS::EC2::NatGateway' }, 32.85],
    ['an address', { Type: 'AWS::EC2::EIP' }, 3.65],
    ['an alarm', { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } }, 0.1],
    [
      'an alarm on an expression of two metrics',
      {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: { Metrics: [{ MetricStat: {} }, { MetricStat: {} }, { Expression: 'a / b' }] },
      },
      0.2,
    ],
    ['a secret', { Type: 'AWS::SecretsManager::Secret' }, 0.4],
    ['a customer key with its requests', { Type: 'AWS::KMS::Key' }, 1.02628],
    ['a web ACL with two rules', { Type: 'AWS::WAFv2::WebACL', Properties: { Rules: [{}, {}] } }, 7],
    [
      'a machine-to-machine client',
      { Type: 'AWS::Cognito::UserPoolClient', Properties: { AllowedOAuthFlows: ['client_credentials'] } },
      6,
    ],
    ['a client of people', { Type: 'AWS::Cognito::UserPoolClient', Properties: { AllowedOAuthFlows: ['code'] } }, 0],
    [
      'an interface endpoint in two zones',
      { Type: 'AWS::EC2::VPCEndpoint', Properties: { VpcEndpointType: 'Interface', SubnetIds: ['a', 'b'] } },
      14.6,
    ],
    [
      'a function that Lambda calls from an empty queue',
      { Type: 'AWS::Lambda::EventSourceMapping', Properties: { EventSourceArn: QUEUE_ARN } },
      0.2628,
    ],
    [
      'a daily backup of the table kept for five weeks',
      {
        Type: 'AWS::Backup::BackupPlan',
        Properties: {
          BackupPlan: {
            BackupPlanRule: [
              { RuleName: 'nightly', ScheduleExpression: 'cron(0 5 * * ? *)', Lifecycle: { DeleteAfterDays: 35 } },
            ],
          },
        },
      },
      0.35,
    ],
    ['a second copy of the models', { Type: 'AWS::S3::Bucket', Properties: { ReplicationConfiguration: {} } }, 0.115],
    [
      'a zone that was there before',
      { Type: 'AWS::Route53::RecordSet', Properties: { HostedZoneId: 'Z0123456789ABCDEFGHIJ' } },
      0.5,
    ],
  ])('%s is billed', (_what, resource, usd) => {
    expect(addedBy({ Planted: resource }).reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0)).toBeCloseTo(usd, 6);
  });
});

describe('a zone of Route 53', () => {
  const record = (HostedZoneId: unknown) => ({ Type: 'AWS::Route53::RecordSet', Properties: { HostedZoneId } });

  it('is billed once, however many records it has and wherever it comes from', () => {
    const zone = { Zone: { Type: 'AWS::Route53::HostedZone' }, A: record({ Ref: 'Zone' }), B: record({ Ref: 'Zone' }) };
    const before = { C: record('Z0123456789ABCDEFGHIJ'), D: record('Z0123456789ABCDEFGHIJ') };
    expect(addedBy({ ...zone, ...before })).toMatchObject([{ item: 'hosted zones', quantity: 2, usdPerMonth: 1 }]);
  });
});

describe('what the bill cannot know', () => {
  it.each([
    ['a resource type', { Planted: { Type: 'AWS::RDS::DBInstance' } }, /AWS::RDS::DBInstance/],
    ['a log group that keeps everything', { Planted: { Type: 'AWS::Logs::LogGroup' } }, /Planted of planted has no retention/],
    [
      'a schedule of a new function',
      {
        Tick: {
          Type: 'AWS::Events::Rule',
          Properties: { Name: 'tick', ScheduleExpression: 'rate(1 minute)', Targets: [{ Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] } }] },
        },
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'spotforge-mine-coins' } },
      },
      /spotforge-mine-coins/,
    ],
    [
      'a schedule of something else',
      {
        Tick: {
          Type: 'AWS::Scheduler::Schedule',
          Properties: { ScheduleExpression: 'rate(1 hour)', Target: { Arn: 'arn:aws:ecs:us-east-1:1:cluster/c' } },
        },
      },
      /Tick starts .*ecs/,
    ],
    [
      'another source of events',
      {
        Planted: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { EventSourceArn: 'arn:aws:kinesis:us-east-1:1:stream/s' },
        },
      },
      /kinesis/,
    ],
  ])('makes it fail with the name: %s', (_what, resources, message) => {
    expect(() => billWith(resources)).toThrow(message);
  });

  it('is said of a region without prices', () => {
    expect(() => pricesOf('mars-1')).toThrow(/no list prices of mars-1, only of us-east-1/);
  });
});

describe('the tables behind the bill', () => {
  it('give each price a page of AWS and the month it was read in', () => {
    for (const [name, { usd, source, asOf }] of Object.entries(PRICES)) {
      expect(usd, name).toBeGreaterThan(0);
      expect(source, name).toMatch(/^https:\/\/aws\.amazon\.com\/[a-z0-9/-]+\/$/);
      expect(asOf, name).toMatch(/^20\d\d-[01]\d$/);
    }
  });

  it('say of no type both that it is priced and that it is free', () => {
    expect(Object.keys(FREE_WHEN_IDLE).filter((type) => PRICED_TYPES.has(type))).toEqual([]);
  });
});

describe('what a switch adds', () => {
  const items = fc
    .uniqueArray(fc.record({ item: fc.constantFrom('a', 'b', 'c', 'd'), quantity: fc.integer({ min: 1, max: 1000 }) }), {
      selector: ({ item }) => item,
    })
    .map((list): BillItem[] =>
      list.map(({ item, quantity }) => ({ item, quantity, unit: 'piece', unitUsd: 0.5, usdPerMonth: quantity * 0.5 })),
    );
  const total = (list: readonly BillItem[]): number => list.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0);

  it('is the difference of two bills, whatever is in them', () => {
    fc.assert(
      fc.property(items, items, (before, after) => {
        expect(total(before) + total(addedItems(before, after))).toBeCloseTo(total(after), 6);
      }),
    );
  });

  it('is nothing where nothing changed', () => {
    expect(addedItems(bill.items, bill.items)).toEqual([]);
  });
});
