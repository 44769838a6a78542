import { Api } from '../../local/client/api.ts';
import { signIn } from '../../local/client/sign-in.ts';
import { createUser } from '../../local/tier/demo-user.ts';
import type { Tier } from '../../local/tier/tier.ts';
import type { TierRecord } from '../../local/tier/tier-record.ts';

type Credentials = { accessKeyId: string; secretAccessKey: string };

/** Users of the tests beside the demo's: one of another tenant, one whose experiments are drills, one without any. */
export const USERS = {
  acme: { username: 'ann', tenant: 'acme', password: 'Test-acme-31415-x' },
  globex: { username: 'gus', tenant: 'globex', password: 'Test-globex-27182-x' },
  initech: { username: 'ivy', tenant: 'initech', password: 'Test-initech-14142-x' },
  nobody: { username: 'nia', tenant: undefined, password: 'Test-nobody-16180-x' },
} as const;
export type UserName = keyof typeof USERS;

export const addUsers = async (tier: Tier, credentials: Credentials): Promise<void> => {
  const userPoolId = tier.outputs.UserPoolId;
  if (!userPoolId) throw new Error('the stacks have no output UserPoolId');
  const pool = { endpoint: tier.record.endpoint, region: tier.record.region, userPoolId, credentials };
  await Promise.all(Object.values(USERS).map((user) => createUser(pool, user)));
};

export const tokenOf = async (tier: TierRecord, name: UserName): Promise<() => Promise<string>> => {
  const { username, password } = USERS[name];
  return signIn({ endpoint: tier.endpoint, region: tier.region, clientId: tier.userPoolClientId, username, password });
};

export const apiOf = async (tier: TierRecord, name: UserName): Promise<Api> => new Api(tier.apiUrl, await tokenOf(tier, name));
