import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tierFolder } from '../../local/tier/paths.ts';

/** The private key with which the tier's user pool signs ID tokens. */
export const poolKey = (userPoolId: string): string =>
  readFileSync(join(tierFolder('test'), `aws/services/cognito-pool-keys/${userPoolId}-id.pem`), 'utf8');

/** A key that is nobody's. */
export const strangersKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** The same token with other claims, validly signed by the key given. */
export const resignToken = (token: string, key: string | KeyObject, claims: Record<string, unknown> = {}): string => {
  const [header = '', payload = ''] = token.split('.');
  const changed = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), ...claims };
  const signed = `${header}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
};
