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

  it('never takes an inherited property for a claim', () => {
    expect(() => identityOf({ token_use: 'id' }, { ...CLAIMS, CLAIM_TENANT: 'constructor' })).toThrow('has no claim');
  });
});
