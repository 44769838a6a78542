import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupsOf, identityOf } from '../../../functions/shared/identity.ts';
import { CLAIMS } from '../a-request.ts';

const group = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const token = (claims: Record<string, unknown>) => ({ token_use: 'id', 'custom:tenant': 'acme', ...claims });

describe('groupsOf', () => {
  it('reads the same groups from a list, from JSON and from the form of API Gateway', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 6 }), (groups) => {
        expect(groupsOf(groups)).toEqual(groups);
        expect(groupsOf(JSON.stringify(groups))).toEqual(groups);
        expect(groupsOf(`[${groups.join(' ')}]`)).toEqual(groups);
      }),
    );
  });

  it('reads one plain name, and no groups where there are none', () => {
    fc.assert(
      fc.property(group, (name) => {
        expect(groupsOf(name)).toEqual([name]);
      }),
    );
    for (const none of [undefined, null, '', '[]', 7, {}]) expect(groupsOf(none)).toEqual([]);
  });

  it('answers names without white space for whatever text arrives', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (text.startsWith('["')) return;
        expect(groupsOf(text).every((name) => name !== '' && !/\s/.test(name))).toBe(true);
      }),
    );
  });
});

describe('identityOf', () => {
  it('reads tenant and groups from the claims that the configuration names, namespaced ones too', () => {
    const names = { CLAIM_TENANT: 'https://example.org/tenant', CLAIM_GROUPS: 'https://example.org/groups' };
    const claims = { token_use: 'id', [names.CLAIM_TENANT]: 'acme', [names.CLAIM_GROUPS]: '["owners"]' };
    expect(identityOf(claims, names)).toEqual({ tenant: 'acme', groups: ['owners'] });
  });

  it.each([
    ['an access token', token({ token_use: 'access' }), 'An ID token is required'],
    ['a token that does not say what it is for', { 'custom:tenant': 'acme' }, 'An ID token is required'],
    ['a token without tenant', { token_use: 'id' }, 'has no claim custom:tenant'],
    ['an empty tenant', token({ 'custom:tenant': '' }), 'has no claim custom:tenant'],
    ['a malformed tenant', token({ 'custom:tenant': 'Acme#x' }), 'is not a tenant'],
    ['a tenant that is no text', token({ 'custom:tenant': ['acme'] }), 'is not a tenant'],
  ])('refuses %s and says why', (_what, claims, reason) => {
    expect(() => identityOf(claims, CLAIMS)).toThrow(reason);
  });

  it('serves every tenant, or in a deployment of its own that one only', () => {
    const own = { ...CLAIMS, SERVED_TENANT: 'acme' };
    expect(identityOf(token({}), own).tenant).toBe('acme');
    expect(() => identityOf(token({ 'custom:tenant': 'globex' }), own)).toThrow('serves one tenant only');
    expect(identityOf(token({ 'custom:tenant': 'globex' }), CLAIMS).tenant).toBe('globex');
  });

  it('never takes an inherited property for a claim', () => {
    expect(() => identityOf({ token_use: 'id' }, { ...CLAIMS, CLAIM_TENANT: 'constructor' })).toThrow('has no claim');
  });
});

describe('the access token of a machine', () => {
  const names = { ...CLAIMS, MACHINE_SCOPES: 'spotforge' };
  // As Cognito makes it: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
  const machine = (scope: unknown) => ({ token_use: 'access', sub: '4b1', client_id: '4b1', scope });

  it('says by its scopes for which tenant and with which groups the machine calls', () => {
    const read = identityOf(machine('spotforge/group.members spotforge/tenant.acme spotforge/group.viewers'), names);
    expect(read).toEqual({ tenant: 'acme', groups: ['members', 'viewers'] });
    expect(identityOf(machine('spotforge/tenant.acme'), names)).toEqual({ tenant: 'acme', groups: [] });
  });

  it.each([
    ['has no scope', undefined, 'exactly one scope spotforge/tenant.'],
    ['is a person’s', 'aws.cognito.signin.user.admin', 'exactly one scope spotforge/tenant.'],
    ['asks for groups only', 'spotforge/group.admins', 'exactly one scope spotforge/tenant.'],
    ['has a tenant of another resource server', 'spotforge-dev/tenant.acme xspotforge/tenant.acme', 'exactly one scope'],
    ['has two tenants', 'spotforge/tenant.acme spotforge/tenant.globex', 'exactly one scope spotforge/tenant.'],
    ['has a malformed tenant', 'spotforge/tenant.Acme#x', 'is not a tenant'],
    ['has scopes that are no text', ['spotforge/tenant.acme'], 'exactly one scope'],
  ])('is refused when it %s', (_what, scope, reason) => {
    expect(() => identityOf(machine(scope), names)).toThrow(reason);
  });

  it('is refused where no machines are configured, whatever its scopes', () => {
    expect(() => identityOf(machine('spotforge/tenant.acme'), CLAIMS)).toThrow('An ID token is required');
  });

  it('does not become a person’s by a claim of a person, nor an ID token a machine’s by a scope', () => {
    expect(() => identityOf({ ...machine('openid'), 'custom:tenant': 'acme' }, names)).toThrow('exactly one scope');
    expect(() => identityOf({ token_use: 'id', scope: 'spotforge/tenant.acme' }, names)).toThrow('has no claim custom:tenant');
  });

  it('is refused in another tenant’s own deployment', () => {
    expect(() => identityOf(machine('spotforge/tenant.globex'), { ...names, SERVED_TENANT: 'acme' })).toThrow('one tenant only');
  });
});
