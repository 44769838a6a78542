import { tenant } from './contracts/primitives.ts';
import { Forbidden } from './errors.ts';
import { jsonOf } from './json.ts';

/** Who asks. */
export type Identity = { tenant: string; groups: readonly string[] };

/** What every function that knows its caller reads from its environment. */
export const CALLER_VARIABLES = ['CLAIM_TENANT', 'CLAIM_GROUPS', 'SERVED_TENANT', 'MACHINE_SCOPES'] as const;

/** How a client's scopes name its tenant and its groups: `{resource server}/tenant.acme`. */
export const TENANT_SCOPE = 'tenant.';
export const GROUP_SCOPE = 'group.';

/** Names of the claims, from configuration; a namespaced one such as `https://example.org/tenant` is a name like any other. */
export type ClaimNames = {
  CLAIM_TENANT: string;
  CLAIM_GROUPS: string;
  /** The only tenant of this deployment; absent: all of them. */
  SERVED_TENANT?: string | undefined;
  /** The resource server whose scopes say for whom a machine calls; absent: only people call. */
  MACHINE_SCOPES?: string | undefined;
};

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

type Claim = (name: string) => unknown;

/**
 * Reads who asks from the claims that the authorizer has verified.
 * @throws Forbidden with the reason: not a token that says for whom it is, no tenant, a malformed one, or one that is not served here
 */
export const identityOf = (claims: Readonly<Record<string, unknown>>, names: ClaimNames): Identity => {
  const own: Claim = (name) => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const identity =
    own('token_use') === 'access' && names.MACHINE_SCOPES !== undefined
      ? machineOf(own, names.MACHINE_SCOPES)
      : personOf(own, names);
  if (names.SERVED_TENANT !== undefined && identity.tenant !== names.SERVED_TENANT) {
    throw new Forbidden("This deployment serves one tenant only, and the token is another one's.");
  }
  return identity;
};

const personOf = (own: Claim, names: ClaimNames): Identity => {
  if (own('token_use') !== 'id') {
    throw new Forbidden('An ID token is required: its claim token_use must be id. Access tokens carry no tenant.');
  }
  const claimed = own(names.CLAIM_TENANT);
  if (claimed === undefined || claimed === '') {
    throw new Forbidden(`The token has no claim ${names.CLAIM_TENANT}. Ask an administrator to assign you to a tenant.`);
  }
  return { tenant: tenantOf(claimed, `The token's claim ${names.CLAIM_TENANT}`), groups: groupsOf(own(names.CLAIM_GROUPS)) };
};

/** A machine's access token has no claims of ours. Its scopes are what the user pool allows that one client, and are signed like claims. */
const machineOf = (own: Claim, server: string): Identity => {
  const scope = own('scope');
  const scopes = (typeof scope === 'string' ? scope.split(/\s+/) : [])
    .filter((each) => each.startsWith(`${server}/`))
    .map((each) => each.slice(server.length + 1));
  const named = (prefix: string): string[] =>
    scopes.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
  const [claimed, ...others] = named(TENANT_SCOPE);
  if (claimed === undefined || others.length > 0) {
    throw new Forbidden(
      `An access token needs exactly one scope ${server}/${TENANT_SCOPE}…, as a machine's client has it. People send their ID token.`,
    );
  }
  return { tenant: tenantOf(claimed, `The token's scope ${server}/${TENANT_SCOPE}…`), groups: named(GROUP_SCOPE) };
};

const tenantOf = (claimed: unknown, where: string): string => {
  const read = tenant.safeParse(claimed);
  if (!read.success) {
    throw new Forbidden(`${where} is not a tenant: expected 2 to 31 of a-z and 0-9, starting with a letter.`);
  }
  return read.data;
};
