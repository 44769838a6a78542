import { describe, expect, it } from 'vitest';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { api, storage } = synthesise().templates;
const routes = resourcesOf(api, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties);

describe('routes', () => {
  it('are those of the contract, each with a token but for health and the unknown', () => {
    const authorization = Object.fromEntries(
      routes.map(({ RouteKey, AuthorizationType }) => [RouteKey, AuthorizationType ?? 'NONE']),
    );
    expect(authorization).toEqual({
      'POST /v1/uploads': 'JWT',
      'POST /v1/datasets': 'JWT',
      'GET /v1/datasets': 'JWT',
      'GET /v1/datasets/{name}': 'JWT',
      'POST /v1/datasets/{name}/versions': 'JWT',
      'GET /v1/datasets/{name}/versions': 'JWT',
      'GET /v1/datasets/{name}/versions/{version}': 'JWT',
      'POST /v1/experiments': 'JWT',
      'GET /v1/experiments': 'JWT',
      'GET /v1/experiments/{id}': 'JWT',
      'GET /v1/experiments/{id}/events': 'JWT',
      'GET /v1/experiments/{id}/artifacts': 'JWT',
      'DELETE /v1/experiments/{id}': 'JWT',
      'POST /v1/experiments/{id}/resume': 'JWT',
      'GET /v1/healthz': 'NONE',
      $default: 'NONE',
    });
  });

  it('call their functions with payload 2.0, and only they may', () => {
    for (const [, { Properties }] of resourcesOf(api, 'AWS::ApiGatewayV2::Integration')) {
      expect(Properties).toMatchObject({ IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' });
    }
    const permissions = resourcesOf(api, 'AWS::Lambda::Permission');
    expect(permissions).toHaveLength(routes.length);
    for (const [, { Properties }] of permissions) {
      expect(Properties.Principal).toBe('apigateway.amazonaws.com');
      expect(asText(Properties.SourceArn)).toContain('execute-api');
    }
  });
});

describe('the authorizer', () => {
  it('takes tokens of our pool that were made for our client', () => {
    const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
      api,
      'AWS::ApiGatewayV2::Authorizer',
    );
    const { Issuer, Audience } = Properties.JwtConfiguration as { Issuer: unknown; Audience: unknown[] };
    expect(asText(Issuer)).toBe('https://cognito-idp.<AWS::Region>.amazonaws.com/<UsersPool>');
    expect(Audience.map(asText)).toEqual(['<UsersPoolClient>']);
    expect(Properties).toMatchObject({ AuthorizerType: 'JWT', IdentitySource: ['$request.header.Authorization'] });
  });
});

describe('the stage', () => {
  const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(api, 'AWS::ApiGatewayV2::Stage');

  it('is throttled', () => {
    expect(Properties.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 });
  });

  it('logs who asked what and how it ended, never a header, a body or a query', () => {
    const { Format, DestinationArn } = Properties.AccessLogSettings as { Format: string; DestinationArn: unknown };
    expect(asText(DestinationArn)).toContain('AccessLog');
    expect(Object.keys(JSON.parse(Format))).toEqual(expect.arrayContaining(['requestId', 'route', 'status', 'subject']));
    expect(Format).not.toMatch(/header|body|querystring|authorization/i);
  });

  it('has CORS off unless origins are configured', () => {
    const corsOf = (template: typeof api) => resourcesOf(template, 'AWS::ApiGatewayV2::Api')[0]?.[1].Properties.CorsConfiguration;
    expect(corsOf(api)).toBeUndefined();
    const console = 'https://console.example.com';
    expect(corsOf(synthesise({ api: { corsOrigins: [console] } }).templates.api)).toMatchObject({ AllowOrigins: [console] });
  });
});

describe('outputs', () => {
  it('tell a client where the API is, and, from the storage stack, where to sign in', () => {
    expect(Object.keys(api.toJSON().Outputs as object).sort()).toEqual(['ApiId', 'ApiUrl']);
    expect(Object.keys(storage.toJSON().Outputs as object)).toEqual(expect.arrayContaining(['UserPoolId', 'UserPoolClientId']));
  });
});
