import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnUserPoolGroup,
  ClientAttributes,
  type IUserPool,
  Mfa,
  StringAttribute,
  UserPool,
  type UserPoolClient,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

/** Who may call the API, and for which tenant. Accounts are made by an administrator; `custom:tenant` is set then and never again. */
export class UserDirectory extends Construct {
  readonly pool: IUserPool;
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id);
    const taken = deployment.existing.userPoolId;
    this.pool = taken === undefined ? this.ownPool(deployment) : UserPool.fromUserPoolId(this, 'Pool', taken);
    this.client = this.pool.addClient('Client', {
      userPoolClientName: `${deployment.name}-cli`,
      generateSecret: false, // a command line keeps no secret
      authFlows: { userPassword: true, userSrp: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      idTokenValidity: Duration.hours(1),
      accessTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(30),
      // The ID token carries only what the client may read; whoever may write the tenant may change tenants.
      readAttributes: new ClientAttributes()
        .withStandardAttributes({ email: true, emailVerified: true })
        .withCustomAttributes('tenant'),
      writeAttributes: new ClientAttributes().withStandardAttributes({ email: true }),
    });
  }

  private ownPool(deployment: Deployment): UserPool {
    const removalPolicy = deployment.data === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const pool = new UserPool(this, 'Pool', {
      userPoolName: deployment.name,
      selfSignUpEnabled: false,
      signInAliases: { username: true, email: true },
      signInCaseSensitive: false,
      customAttributes: { tenant: new StringAttribute({ minLen: 2, maxLen: 31, mutable: false }) },
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      deletionProtection: deployment.data === 'retain',
      removalPolicy,
    });
    for (const groupName of deployment.identity.groups) {
      // Who is in it goes with a group: as long as the pool stays, so does this.
      new CfnUserPoolGroup(this, `Group-${groupName}`, { userPoolId: pool.userPoolId, groupName }).applyRemovalPolicy(
        removalPolicy,
      );
    }
    Validations.of(pool).acknowledge(
      {
        id: 'AwsSolutions-COG2',
        reason:
          'A second factor is offered, not forced: pipelines of the CI sign in with a password. An external issuer can force it.',
      },
      {
        id: 'AwsSolutions-COG3',
        reason:
          'Threat protection needs the Plus plan, which is billed for each active user. Accounts are made by an administrator only.',
      },
      {
        id: 'AwsSolutions-COG8',
        reason: 'The Plus plan is billed for each active user and gives nothing that an installation without self sign-up needs.',
      },
    );
    return pool;
  }
}
