import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../errors.ts';
import { listenOnLoopback } from './loopback.ts';

interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

export type AssumeRole = (roleArn: string, sessionName: string) => Promise<RoleCredentials>;

/** SDKs ask again when 5 minutes are left; from here on they get fresh ones. */
const REFRESH_BEFORE_MS = 10 * 60 * 1000;

interface Grant {
  token: Buffer;
  roleArn: string;
  credentials(): Promise<RoleCredentials>;
}

/** What an attempt gets: the address and token for its environment, and the end of both. */
export interface OpenGrant {
  uri: string;
  token: string;
  /** The first credentials are there; rejects when the role cannot be assumed. */
  ready: Promise<unknown>;
  close(): void;
}

/** ECS's container credentials endpoint: a job role's credentials, for one attempt's token and only while the attempt lives. */
export class CredentialsServer {
  readonly #grants = new Map<string, Grant>();
  readonly #assumeRole: AssumeRole;
  readonly #server: Server;
  #endpoint = '';

  constructor(assumeRole: AssumeRole) {
    this.#assumeRole = assumeRole;
    this.#server = createServer((request, response) => {
      this.#answer(request.url ?? '', request.headers.authorization ?? '', response).catch((error) =>
        send(response, 500, { code: 'InternalServerError', message: messageOf(error) }),
      );
    });
  }

  async listen(): Promise<void> {
    this.#endpoint = await listenOnLoopback(this.#server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  open(roleArn: string, sessionName: string): OpenGrant {
    const path = `/v2/credentials/${randomUUID()}`;
    const token = randomBytes(32).toString('base64url');
    const credentials = refreshing(() => this.#assumeRole(roleArn, sessionName));
    this.#grants.set(path, { token: Buffer.from(token), roleArn, credentials });
    const ready = credentials();
    ready.catch(() => {});
    return { uri: `${this.#endpoint}${path}`, token, ready, close: () => this.#grants.delete(path) };
  }

  async #answer(path: string, authorization: string, response: ServerResponse): Promise<void> {
    const grant = this.#grants.get(path);
    if (!grant)
      return send(response, 404, { code: 'InvalidIdInRequest', message: 'CredentialsV2Request: Credentials not found' });
    const given = Buffer.from(authorization);
    if (given.length !== grant.token.length || !timingSafeEqual(given, grant.token)) {
      return send(response, 401, {
        code: 'AccessDenied',
        message: 'The Authorization header does not carry this container’s token.',
      });
    }
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await grant.credentials();
    return send(response, 200, {
      RoleArn: grant.roleArn,
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: expiration.toISOString(),
    });
  }
}

/** Remembers credentials until shortly before they expire; askers at the same time share one call. */
function refreshing(fetch: () => Promise<RoleCredentials>): () => Promise<RoleCredentials> {
  let latest: Promise<RoleCredentials> | undefined;
  let staleAt = 0;
  return () => {
    if (latest && Date.now() < staleAt) return latest;
    staleAt = Number.POSITIVE_INFINITY;
    latest = fetch().then(
      (credentials) => {
        staleAt = credentials.expiration.getTime() - REFRESH_BEFORE_MS;
        return credentials;
      },
      (error) => {
        latest = undefined;
        throw error;
      },
    );
    return latest;
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
