import type { Context } from 'aws-lambda';
import type { HttpEvent } from '../../functions/shared/handlers.ts';

export const CLAIMS = { CLAIM_TENANT: 'custom:tenant', CLAIM_GROUPS: 'cognito:groups' };

type Request = {
  tenant?: string;
  claims?: Record<string, unknown>;
  id?: string;
  /** What stands for the route's placeholders, where it is not `id`. */
  path?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  rawBody?: string;
  isBase64Encoded?: boolean;
  route?: string;
};

/** What API Gateway hands to a function (payload 2.0) for a request whose token was accepted. */
export const aRequest = ({ tenant = 'acme', route = 'GET /v1/experiments', ...request }: Request = {}): HttpEvent => {
  const [method = 'GET', path = '/'] = route.split(' ');
  const body = request.rawBody ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const claims = request.claims ?? { token_use: 'id', [CLAIMS.CLAIM_TENANT]: tenant, [CLAIMS.CLAIM_GROUPS]: '[owners readers]' };
  return {
    version: '2.0',
    routeKey: route,
    rawPath: path,
    rawQueryString: '',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers },
    ...(request.query === undefined ? {} : { queryStringParameters: request.query }),
    ...(request.id === undefined ? {} : { pathParameters: { id: request.id } }),
    ...(request.path === undefined ? {} : { pathParameters: request.path }),
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: request.isBase64Encoded ?? false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      authorizer: { principalId: '', integrationLatency: 0, jwt: { claims: claims as Record<string, string>, scopes: [] } },
      domainName: 'api.example.org',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'request-1',
      routeKey: route,
      stage: '$default',
      time: '22/Nov/2026:06:00:00 +0000',
      timeEpoch: 0,
    },
  };
};

export const aContext = (): Context => ({
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'function',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:function',
  memoryLimitInMB: '256',
  awsRequestId: 'invocation-1',
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: () => 10_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
});
