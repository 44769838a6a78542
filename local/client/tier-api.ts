import type { TierRecord } from '../tier/tier-record.ts';
import { Api } from './api.ts';
import { signIn } from './sign-in.ts';

/** The API of a running tier, signed in to as the tier's own user. */
export const apiOfTier = async ({ apiUrl, endpoint, region, userPoolClientId, username, password }: TierRecord): Promise<Api> =>
  new Api(apiUrl, await signIn({ endpoint, region, clientId: userPoolClientId, username, password }));
