import { Aws, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import {
  type IUserPool,
  OAuthScope,
  ResourceServerScope,
  UserPoolClient,
  UserPoolDomain,
  UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { GROUP_SCOPE, TENANT_SCOPE } from '../../functions/shared/identity.ts';
import type { Deployment } from '../config/deployment.ts';

/** The resource server that the scopes of machines belong to. */
export const machineScopes = ({ name }: Deployment): string => name;

/**
 * Clients for machines (OAuth client credentials). Their access tokens carry no `custom:tenant`, so a client's tenant and groups are scopes
 * that only it may ask for: signed by the pool like claims, on every plan of Cognito, without a trigger that would run at each sign-in.
 * They live beside the API, not beside the users: one that is taken out of the configuration goes in one deploy, and a new one takes its place.
 */
export class MachineClients extends Construct {
  readonly clientIds: readonly string[];

  constructor(scope: Construct, id: string, { deployment, pool }: { deployment: Deployment; pool: IUserPool }) {
    super(scope, id);
    const machines = Object.entries(deployment.machineClients).map(([name, { tenant, groups }]) => ({
      name,
      scopes: [`${TENANT_SCOPE}${tenant}`, ...groups.map((group) => `${GROUP_SCOPE}${group}`)],
    }));
    const scopes = new Map(
      machines
        .flatMap((machine) => machine.scopes)
        .map((name) => [name, new ResourceServerScope({ scopeName: name, scopeDescription: `Calls the API with ${name}` })]),
    );
    const server = new UserPoolResourceServer(this, 'Scopes', {
      userPool: pool,
      userPoolResourceServerName: `${deployment.name} API`,
      identifier: machineScopes(deployment),
      scopes: [...scopes.values()],
    });
    const domain = new UserPoolDomain(this, 'Domain', {
      userPool: pool,
      cognitoDomain: { domainPrefix: `${deployment.name}-${Aws.ACCOUNT_ID}` }, // unique in the region among everybody's pools
    });

    this.clientIds = machines.map(({ name, scopes: own }) => {
      const client = new UserPoolClient(this, name, {
        userPool: pool,
        userPoolClientName: `${deployment.name}-${name}`,
        generateSecret: true,
        oAuth: {
          flows: { clientCredentials: true },
          scopes: own.flatMap((scope) => {
            const known = scopes.get(scope);
            return known ? [OAuthScope.resourceServer(server, known)] : [];
          }),
        },
        accessTokenValidity: Duration.hours(1),
        enableTokenRevocation: true,
      });
      new CfnOutput(Stack.of(this), `MachineClientId-${name}`.replaceAll('-', ''), {
        description: `Client id of ${name}; its secret: aws cognito-idp describe-user-pool-client`,
        value: client.userPoolClientId,
      });
      return client.userPoolClientId;
    });
    new CfnOutput(Stack.of(this), 'MachineTokenUrl', { value: `${domain.baseUrl()}/oauth2/token` });
  }
}
