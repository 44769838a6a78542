import { CognitoIdentityProviderClient, InitiateAuthCommand } from '@aws-sdk/client-cognito-identity-provider';

const REFRESH_BEFORE_MS = 60_000;

export type Account = { endpoint: string; region: string; clientId: string; username: string; password: string };

/** Signs in to the user pool with name and password; answers a source of ID tokens that signs in again before one expires. */
export const signIn = async ({ endpoint, region, clientId, username, password }: Account): Promise<() => Promise<string>> => {
  // Signing in is an unsigned call: this client needs no AWS credentials and gets none.
  const cognito = new CognitoIdentityProviderClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  });
  let token = '';
  let expiresAt = 0;
  const idToken = async (): Promise<string> => {
    if (Date.now() < expiresAt - REFRESH_BEFORE_MS) return token;
    const { AuthenticationResult } = await cognito.send(
      new InitiateAuthCommand({
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: clientId,
        AuthParameters: { USERNAME: username, PASSWORD: password },
      }),
    );
    if (!AuthenticationResult?.IdToken) throw new Error(`${username} could not sign in: the pool wants another step first`);
    token = AuthenticationResult.IdToken;
    expiresAt = Date.now() + (AuthenticationResult.ExpiresIn ?? 0) * 1000;
    return token;
  };
  await idToken();
  return idToken;
};
