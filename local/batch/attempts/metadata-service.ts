import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { listenOnLoopback } from './loopback.ts';

/** What the host says about itself. */
export interface Host {
  instanceId: string;
  region: string;
  spot: boolean;
}

const MOST_TTL_SECONDS = 21_600;
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';

interface Answer {
  status: number;
  text?: string;
  headers?: Record<string, string>;
}

/**
 * The instance metadata service (IMDSv2 only) of one attempt's host, at an address of its own. A spot notice raised here is what
 * the job sees two minutes before its host is taken.
 */
export class MetadataService {
  endpoint = '';
  readonly #host: Host;
  readonly #server: Server;
  readonly #tokens = new Map<string, number>();
  #terminationAt: Date | undefined;

  constructor(host: Host) {
    this.#host = host;
    this.#server = createServer((request, response) => {
      const { status, text = '', headers = {} } = this.#answer(request);
      response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text);
    });
  }

  async listen(): Promise<void> {
    this.endpoint = await listenOnLoopback(this.#server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  raiseSpotNotice(terminationAt: Date): void {
    this.#terminationAt = terminationAt;
  }

  #answer(request: IncomingMessage): Answer {
    const path = (request.url ?? '').replace(/\/$/, '');
    if (path === '/latest/api/token') return this.#grantToken(request);
    if (request.method !== 'GET') return { status: 405 };
    const token = String(request.headers['x-aws-ec2-metadata-token'] ?? '');
    if ((this.#tokens.get(token) ?? 0) < Date.now()) return { status: 401 };
    const text = this.#values()[path];
    return text === undefined ? { status: 404 } : { status: 200, text };
  }

  #grantToken(request: IncomingMessage): Answer {
    if (request.method !== 'PUT') return { status: 405 };
    // As on EC2: a token must not be fetched through a proxy.
    if (request.headers['x-forwarded-for'] !== undefined) return { status: 403 };
    const seconds = Number(request.headers[TTL_HEADER]);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_TTL_SECONDS) return { status: 400 };
    const token = randomBytes(40).toString('base64url');
    this.#tokens.set(token, Date.now() + seconds * 1000);
    return { status: 200, text: token, headers: { [TTL_HEADER]: String(seconds) } };
  }

  #values(): Record<string, string | undefined> {
    const { instanceId, region, spot } = this.#host;
    const time = this.#terminationAt?.toISOString().replace(/\.\d+Z$/, 'Z');
    return {
      '/latest/meta-data/instance-id': instanceId,
      '/latest/meta-data/instance-life-cycle': spot ? 'spot' : 'on-demand',
      '/latest/meta-data/placement/region': region,
      '/latest/meta-data/placement/availability-zone': `${region}a`,
      '/latest/meta-data/spot/instance-action': time && JSON.stringify({ action: 'terminate', time }),
      '/latest/meta-data/spot/termination-time': time,
    };
  }
}
