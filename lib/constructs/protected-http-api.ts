import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  type HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { ApiDomain } from './api-domain.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import type { UserDirectory } from './user-directory.ts';

/** What is logged of a request: who, what, how it ended. Never a header, a body or a query. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  at: '$context.requestTime',
  route: '$context.routeKey',
  status: '$context.status',
  problem: '$context.error.message',
  integrationProblem: '$context.integrationErrorMessage',
  bytes: '$context.responseLength',
  milliseconds: '$context.responseLatency',
  subject: '$context.authorizer.claims.sub',
  sourceIp: '$context.identity.sourceIp',
};

export type ProtectedHttpApiProps = {
  deployment: Deployment;
  users: UserDirectory | undefined;
  /** Clients of the own user pool that machines sign in with. */
  machines: readonly string[];
};

/** A token is wanted on every route unless the route says otherwise. */
export class ProtectedHttpApi extends Construct {
  readonly api: HttpApi;
  readonly url: string;
  private readonly authorizer: IHttpRouteAuthorizer;

  constructor(scope: Construct, id: string, { deployment, users, machines }: ProtectedHttpApiProps) {
    super(scope, id);
    const { domain } = deployment;
    const { corsOrigins, rateLimit, burstLimit } = deployment.api;
    this.api = new HttpApi(this, 'Api', {
      apiName: deployment.name,
      createDefaultStage: false,
      ...(domain && { disableExecuteApiEndpoint: true }),
      ...(corsOrigins.length > 0 && { corsPreflight: cors(corsOrigins) }),
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit, burstLimit },
      accessLogSettings: {
        // Log groups under this prefix share one delivery policy of the account, which is limited in length.
        destination: new LogGroupLogDestination(
          new ExpiringLogGroup(this, 'AccessLog', { deployment, logGroupName: `/aws/vendedlogs/${deployment.name}/api-access` }),
        ),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    if (domain) new ApiDomain(this, 'Domain', { deployment, domain, api: this.api, stage });
    this.url = domain ? `https://${domain.name}/` : stage.url;
    const { issuer, audience } = issuerOf(this, deployment, users, machines);
    this.authorizer = new HttpJwtAuthorizer('Jwt', issuer, { authorizerName: 'jwt', jwtAudience: audience });
  }

  route(method: HttpMethod, path: string, handler: IFunction): void {
    this.add(HttpRouteKey.with(path, method), handler, this.authorizer);
  }

  /** Answers without a token. */
  openRoute(key: HttpRouteKey, handler: IFunction, because: string): void {
    const route = this.add(key, handler, new HttpNoneAuthorizer());
    Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason: because });
  }

  private add(routeKey: HttpRouteKey, handler: IFunction, authorizer: IHttpRouteAuthorizer): HttpRoute {
    const name = routeKey.key.replaceAll(/[^A-Za-z0-9]+/g, '-');
    return new HttpRoute(this, `Route-${name}`, {
      httpApi: this.api,
      routeKey,
      authorizer,
      integration: new HttpLambdaIntegration(`Integration-${name}`, handler, { timeout: Duration.seconds(15) }),
    });
  }
}

/** The ID token's audience is the client's id; an access token has none, and API Gateway takes its `client_id` instead. */
const issuerOf = (
  scope: Construct,
  { identity }: Deployment,
  users: UserDirectory | undefined,
  machines: readonly string[],
): { issuer: string; audience: string[] } => {
  if (identity.external) return identity.external;
  if (!users) throw new Error('Neither a user pool nor an external issuer: nobody could call the API.');
  const issuer = `https://cognito-idp.${Stack.of(scope).region}.amazonaws.com/${users.pool.userPoolId}`;
  return { issuer, audience: [users.client.userPoolClientId, ...machines] };
};

const cors = (allowOrigins: string[]) => ({
  allowOrigins,
  allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.DELETE],
  allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
  exposeHeaders: ['location', 'idempotency-replayed'],
  maxAge: Duration.hours(1),
});
