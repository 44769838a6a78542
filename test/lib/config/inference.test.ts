import { describe, expect, it } from 'vitest';
import { keys } from '../../../functions/shared/contracts/names.ts';
import { assertConsistent } from '../../../lib/config/consistency.ts';
import type { DeploymentInput } from '../../../lib/config/deployment.ts';
import { bundlesOf, desiredStateOf, servedModels } from '../../../lib/config/inference.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-0123456789ab';
type Settings = NonNullable<DeploymentInput['inference']>;

const checked =
  (settings: Settings, others: DeploymentInput = {}) =>
  () =>
    assertConsistent(
      parseDeployment({ ...others, inference: { enabled: true, models: { 'acme/sentiment': {} }, certificateArn, ...settings } }),
    );

describe('the inference stack', () => {
  it('is off, serves nothing and asks for nothing unless it is switched on', () => {
    const deployment = parseDeployment({});
    expect(deployment.inference).toEqual({ enabled: false, models: {}, internetFacing: false, clients: [] });
    const configured = parseDeployment({ inference: { models: { 'acme/sentiment': { minTasks: 5, maxTasks: 2 } } } });
    expect(servedModels(configured)).toEqual([]);
    expect(() => assertConsistent(configured)).not.toThrow();
  });

  it('serves each model with three to twenty servers of two processors and 4 GiB, inside the network', () => {
    expect(checked({})).not.toThrow();
    expect(
      servedModels(parseDeployment({ inference: { enabled: true, models: { 'acme/sentiment': {} }, certificateArn } })),
    ).toEqual([{ tenant: 'acme', model: 'sentiment', minTasks: 3, maxTasks: 20, vcpus: 2, memoryGiB: 4, p95Milliseconds: 100 }]);
  });

  it.each([
    ['no model', { models: {} }, /inference\.models names none/],
    [
      'no certificate, wherever it is reached from',
      { certificateArn: undefined },
      /no inference\.certificateArn.*aws acm request-certificate/,
    ],
    ['the whole internet as its clients', { internetFacing: true }, /inference\.clients names no network/],
    [
      'more servers at least than at most',
      { models: { 'acme/sentiment': { minTasks: 4, maxTasks: 3 } } },
      /inference\.models\.acme\/sentiment\.minTasks is 4, but .*maxTasks is 3/,
    ],
    [
      'a size that Fargate does not have',
      { models: { 'acme/sentiment': { vcpus: 4, memoryGiB: 4 } } },
      /memoryGiB is 4, but with 4 vCPUs \(vcpus\) Fargate gives 8 to 30 GiB/,
    ],
    [
      'a size between two of Fargate’s',
      { models: { 'acme/sentiment': { vcpus: 8, memoryGiB: 18 } } },
      /Fargate gives 16 to 60 GiB in steps of 4/,
    ],
  ] satisfies [string, Settings | { certificateArn: undefined }, RegExp][])(
    'is refused with %s, with what to do',
    (_what, settings, reason) => {
      expect(checked(settings as Settings)).toThrow(reason);
    },
  );

  it('is refused in one zone, and with a model of another tenant than the deployment’s', () => {
    expect(checked({}, { availabilityZones: 1 })).toThrow(/availabilityZones is 1: a load balancer stands in 2 zones/);
    expect(checked({}, { availabilityZones: 2 })).not.toThrow();
    expect(checked({}, { tenant: 'globex' })).toThrow(/is a model of acme, but this deployment serves globex only/);
    expect(checked({}, { tenant: 'acme' })).not.toThrow();
  });

  it.each([
    ['a model without a tenant', { models: { sentiment: {} } }, /inference\.models/],
    ['a model with a version', { models: { 'acme/sentiment/3': {} } }, /inference\.models/],
    [
      'a key that it does not know',
      { models: { 'acme/sentiment': { tasks: 3 } } },
      /inference\.models\.acme\/sentiment: .*tasks/,
    ],
    [
      'a certificate of IAM',
      { certificateArn: 'arn:aws:iam::123456789012:server-certificate/mine' },
      /the ARN of a certificate in ACM/,
    ],
    ['everybody as a client', { clients: ['0.0.0.0/0'] }, /no wider than \/8: predictions want no token/],
    ['a client that is no network', { clients: ['10.0.0.300/24'] }, /inference\.clients\.0: expected a network/],
    ['a switch that is only on', true, /inference/],
  ])('does not take %s', (_what, inference, reason) => {
    expect(() => parseDeployment({ inference })).toThrow(reason);
  });
});

describe('what is served', () => {
  const model = { tenant: 'acme', model: 'sentiment' };

  it('are the versions that the bundle stage releases', () => {
    expect(keys.bundle('acme', 'sentiment', 7)).toBe(`${bundlesOf(model)}7/`);
  });

  it('is decided by a document that lies beside them, not among them', () => {
    expect(desiredStateOf(model)).toBe('serving/acme/sentiment/desired.json');
    expect(desiredStateOf(model).startsWith('bundles/')).toBe(false);
  });
});
