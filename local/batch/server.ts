import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { control } from './control/control.ts';
import type { ControlRoutes } from './control/route.ts';
import { ClientException, messageOf, ServerException } from './errors.ts';
import { computeEnvironmentOperations } from './operations/compute-environments.ts';
import { jobDefinitionOperations } from './operations/job-definitions.ts';
import { jobQueueOperations } from './operations/job-queues.ts';
import { jobOperations } from './operations/jobs.ts';
import type { Operation, Services } from './operations/operation.ts';
import { schedulingPolicyOperations } from './operations/scheduling-policies.ts';
import { tagOperations } from './operations/tags.ts';

/** By the last part of AWS's paths, `POST /v1/<name>`. */
const OPERATIONS: Record<string, Operation> = {
  ...jobOperations,
  ...jobDefinitionOperations,
  ...jobQueueOperations,
  ...computeEnvironmentOperations,
  ...schedulingPolicyOperations,
};
const TAG_OPERATIONS: Record<string, Operation> = {
  POST: tagOperations.tag,
  DELETE: tagOperations.untag,
  GET: tagOperations.list,
};
const MOST_BODY_BYTES = 1024 * 1024;

/** AWS Batch's REST-JSON protocol over plain HTTP, and the executor's own routes beside it. */
export function createBatchServer(services: Services, routes: ControlRoutes, log: (message: string) => void): Server {
  return createServer((request, response) => {
    answer(services, routes, request)
      .then((body) => send(response, 200, body))
      .catch((error) => {
        const known = error instanceof ClientException || error instanceof ServerException;
        if (!known) log(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`);
        const failure = known ? error : new ServerException(messageOf(error));
        send(response, failure.httpStatus, { message: failure.message }, failure.name);
      });
  });
}

async function answer(services: Services, routes: ControlRoutes, request: IncomingMessage): Promise<object> {
  const { method = 'GET' } = request;
  const url = new URL(request.url ?? '/', 'http://localhost');
  const body = await readBody(request);
  if (url.pathname.startsWith('/_spotforge/')) return control(routes, method, url, body);
  const tags = /^\/v1\/tags\/(.+)$/.exec(url.pathname);
  if (tags) {
    const resourceArn = decodeURIComponent(tags[1] ?? '');
    const operation = TAG_OPERATIONS[method];
    if (operation) return operation(services, { ...asObject(body), resourceArn, tagKeys: url.searchParams.getAll('tagKeys') });
  }
  const operation = method === 'POST' ? OPERATIONS[/^\/v1\/([a-z]+)$/.exec(url.pathname)?.[1] ?? ''] : undefined;
  if (!operation) throw new ClientException(`${method} ${url.pathname} is not an operation of the local Batch`);
  return operation(services, body);
}

const asObject = (body: unknown): object => (typeof body === 'object' && body !== null ? body : {});

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) throw new ClientException(`The request is larger than ${MOST_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new ClientException(`The request body is not JSON: ${messageOf(error)}`);
  }
}

function send(response: ServerResponse, status: number, body: object, errorType?: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-requestid': randomUUID(),
    ...(errorType && { 'x-amzn-errortype': errorType }),
  });
  response.end(JSON.stringify(body));
}
