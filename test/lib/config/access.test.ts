import { describe, expect, it } from 'vitest';
import { assertConsistent } from '../../../lib/config/consistency.ts';
import type { DeploymentInput } from '../../../lib/config/deployment.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';

const checked = (overrides: DeploymentInput) => () => assertConsistent(parseDeployment(overrides));
const hostedZone = { id: 'Z0123456789ABCDEFGHIJ', name: 'example.com' };

describe('a tenant of its own', () => {
  it('is carried by the name of the deployment', () => {
    expect(parseDeployment({ tenant: 'acme' })).toMatchObject({ name: 'spotforge-acme', tenant: 'acme' });
    expect(parseDeployment({}).name).toBe('spotforge');
  });

  it('needs a name that leaves room for it', () => {
    expect(() => parseDeployment({ tenant: 'internationalwidgets' })).toThrow(
      /tenant: .*spotforge-internationalwidgets.*at most 20 fit/,
    );
    expect(parseDeployment({ name: 'sf', tenant: 'internationalwid' }).name).toHaveLength(19);
  });

  it('is a tenant', () => {
    expect(() => parseDeployment({ tenant: 'Acme' })).toThrow(/tenant: expected 2 to 31/);
  });
});

describe('a domain', () => {
  it('lies within its zone', () => {
    expect(checked({ domain: { name: 'api.example.com', hostedZone } })).not.toThrow();
    expect(checked({ domain: { name: 'example.com', hostedZone } })).not.toThrow();
    expect(checked({ domain: { name: 'api.badexample.com', hostedZone } })).toThrow(
      /domain\.name: expected a name within the hosted zone/,
    );
  });

  it.each([
    ['name', { name: 'https://api.example.com', hostedZone }, /domain\.name: expected a host name/],
    [
      'zone',
      { name: 'api.example.com', hostedZone: { ...hostedZone, id: '/hostedzone/Z1' } },
      /domain\.hostedZone\.id: expected the id/,
    ],
  ])('is refused with a malformed %s', (_what, domain, reason) => {
    expect(checked({ domain })).toThrow(reason);
  });
});

describe('an edge', () => {
  it('needs a domain', () => {
    expect(checked({ edge: {} })).toThrow(/edge needs domain/);
    expect(checked({ edge: {}, domain: { name: 'api.example.com', hostedZone } })).not.toThrow();
  });
});

describe('machine clients', () => {
  it('belong to groups that there are', () => {
    expect(checked({ machineClients: { ci: { tenant: 'acme', groups: ['members'] } } })).not.toThrow();
    expect(checked({ machineClients: { ci: { tenant: 'acme', groups: ['robots'] } } })).toThrow(
      /machineClients\.ci\.groups names robots, which is none of identity\.groups/,
    );
  });

  it('call for the tenant that is served', () => {
    expect(checked({ tenant: 'acme', machineClients: { ci: { tenant: 'globex' } } })).toThrow(
      /machineClients\.ci\.tenant is globex, but this deployment serves acme only/,
    );
  });

  it('need the own user pool', () => {
    const external = { issuer: 'https://login.example.com', audience: ['spotforge'] };
    expect(checked({ identity: { external }, machineClients: { ci: { tenant: 'acme' } } })).toThrow(
      /identity\.external replaces that pool/,
    );
  });

  it.each([
    ['a name in capitals', { CI: { tenant: 'acme' } }, /machineClients/],
    ['no tenant', { ci: {} }, /machineClients\.ci\.tenant/],
    [
      'a group that is no scope',
      { ci: { tenant: 'acme', groups: ['a/b'] } },
      /machineClients\.ci\.groups\.0: expected a group name/,
    ],
  ])('are refused with %s', (_what, machineClients, reason) => {
    expect(() => parseDeployment({ machineClients })).toThrow(reason);
  });
});
