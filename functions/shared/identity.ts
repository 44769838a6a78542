import { tenant } from './contracts/primitives.ts';
import { Forbidden } from './errors.ts';
import { jsonOf } from './json.ts';

/** Who asks. */
export type Identity = { tenant: string; groups: readonly string[] };

/** Names of the claims, from configuration; a namespaced one such as `https://example.org/tenant` is a name like any other. */
export type ClaimNames = { CLAIM_TENANT: string; CLAIM_GROUPS: string };

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

/** Spares the usual `[a b]` an exception. */
const parsedJson = (text: string): unknown => (/^\s*\[\s*["\]]/.test(text) ? jsonOf(text) : undefined);

/**
 * Groups as they may arrive: API Gateway hands an array claim to Lambda as the string `[a b]`; other issuers send a JSON array or one
 * plain name. Group names have no spaces.
 */
export const groupsOf = (claim: unknown): readonly string[] => {
  if (isStrings(claim)) return claim;
  if (typeof claim !== 'string') return [];
  const array = parsedJson(claim);
  if (isStrings(array)) return array;
  return claim
    .replace(/^\[(.*)\]$/s, '$1')
    .split(/\s+/)
    .filter((group) => group !== '');
};

/**
 * Reads who asks from the claims that the authorizer has verified.
 * @throws Forbidden with the reason: not an ID token, no tenant, or a malformed one
 */
export const identityOf = (claims: Readonly<Record<string, unknown>>, names: ClaimNames): Identity => {
  const own = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  if (own('token_use') !== 'id') {
    throw new Forbidden('An ID token is required: its claim token_use must be id. Access tokens carry no tenant.');
  }
  const claimed = own(names.CLAIM_TENANT);
  if (claimed === undefined || claimed === '') {
    throw new Forbidden(`The token has no claim ${names.CLAIM_TENANT}. Ask an administrator to assign you to a tenant.`);
  }
  const read = tenant.safeParse(claimed);
  if (!read.success) {
    throw new Forbidden(
      `The token's claim ${names.CLAIM_TENANT} is not a tenant: expected 2 to 31 of a-z and 0-9, starting with a letter.`,
    );
  }
  return { tenant: read.data, groups: groupsOf(own(names.CLAIM_GROUPS)) };
};
