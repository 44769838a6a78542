import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';

export type User = { username: string; password: string; tenant: string | undefined };
type Pool = {
  endpoint: string;
  region: string;
  userPoolId: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
};

/** What an operator does on AWS for a new user: create, set the tenant (users cannot write it) and a password. */
export const createUser = async (pool: Pool, { username, password, tenant }: User): Promise<void> => {
  const cognito = new CognitoIdentityProviderClient({
    endpoint: pool.endpoint,
    region: pool.region,
    credentials: pool.credentials,
  });
  const attributes = tenant === undefined ? [] : [{ Name: 'custom:tenant', Value: tenant }];
  await cognito
    .send(
      new AdminCreateUserCommand({
        UserPoolId: pool.userPoolId,
        Username: username,
        UserAttributes: attributes,
        MessageAction: 'SUPPRESS',
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof UsernameExistsException)) throw error;
    });
  await cognito.send(
    new AdminSetUserPasswordCommand({ UserPoolId: pool.userPoolId, Username: username, Password: password, Permanent: true }),
  );
};
