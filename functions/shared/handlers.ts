import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { type Environment, readEnv, type VariableName } from './env.ts';
import { assertCameThroughEdge } from './origin.ts';
import { problemOf } from './problem.ts';

/** Powertools' own settings (service name, level) come from its variables. Never give it an event, a body or a header. */
export const logger = new Logger();

export type HttpEvent = APIGatewayProxyEventV2WithJWTAuthorizer;
export type HttpAnswer = { status: number; body: unknown; headers?: Record<string, string> };

type Services<N extends VariableName, S> = (environment: Environment<N>) => S;

/** Services are built once per process, at first use, so that importing a handler reads and connects nothing. */
const once = <N extends VariableName, S>(names: readonly N[], build: Services<N, S>): (() => S) => {
  let built: { services: S } | undefined;
  return () => {
    built ??= { services: build(readEnv(names)) };
    return built.services;
  };
};

const response = (status: number, body: string, headers: Record<string, string>): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body,
});

/** What API Gateway calls: JSON in, JSON or a problem document out, one log line per request. */
export const httpHandler = <N extends VariableName, S>(
  environment: readonly N[],
  build: Services<N, S>,
  handle: (event: HttpEvent, services: S) => Promise<HttpAnswer>,
) => {
  const services = once(environment, build);
  const originSecret = once(['ORIGIN_SECRET'], ({ ORIGIN_SECRET }) => ORIGIN_SECRET);
  return middy<HttpEvent, APIGatewayProxyStructuredResultV2>(
    async (event: HttpEvent) => {
      assertCameThroughEdge(event.headers, originSecret());
      const { status, body, headers = {} } = await handle(event, services());
      return response(status, typeof body === 'string' ? body : JSON.stringify(body), headers);
    },
    { timeoutEarlyInMillis: 0 },
  ).use({
    before: ({ event, context }) => {
      logger.addContext(context);
      logger.resetKeys();
      logger.setCorrelationId(event.requestContext.requestId);
      logger.appendKeys({ route: event.routeKey });
    },
    after: ({ response }) => logger.info('answered', { status: response?.statusCode }),
    onError: (request) => {
      const { problem, headers } = problemOf(request.error, request.event.requestContext.requestId);
      if (problem.status >= 500) logger.error('failed', { status: problem.status, error: request.error });
      else logger.info('refused', { status: problem.status, problem: problem.type });
      request.response = response(problem.status, JSON.stringify(problem), headers);
    },
  });
};

const correlationId = (event: unknown, context: Context): string => {
  const { id, experimentId } = (typeof event === 'object' && event !== null ? event : {}) as {
    id?: unknown;
    experimentId?: unknown;
  };
  return ([id, experimentId].find((value) => typeof value === 'string') as string | undefined) ?? context.awsRequestId;
};

/** Everything else that calls a function: a bus, a schedule, a stream, the state machine. Errors are logged and thrown on, with their name. */
export const eventHandler = <N extends VariableName, S, E, R>(
  environment: readonly N[],
  build: Services<N, S>,
  handle: (event: E, services: S) => Promise<R>,
) => {
  const services = once(environment, build);
  return middy<E, R>((event: E) => handle(event, services()), { timeoutEarlyInMillis: 0 }).use({
    before: ({ event, context }) => {
      logger.addContext(context);
      logger.resetKeys();
      logger.setCorrelationId(correlationId(event, context));
    },
    onError: ({ error }) => {
      logger.error('failed', { error });
    },
  });
};
