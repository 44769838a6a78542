import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedEvent {
  /** When the call arrived, epoch ms. */
  at: number;
  entry: { Source: string; DetailType: string; Resources: string[]; Time: number; Detail: string };
  detail: Record<string, unknown> & { jobId: string; jobName: string; status: string };
}

/**
 * The AWS side of the executor as a recording server: PutEvents, AssumeRole and CloudWatch Logs. The executor's place in the real
 * emulator is tested end to end; here its calls are looked at one by one.
 */
export class FakeAws {
  endpoint = '';
  readonly events: RecordedEvent[] = [];
  readonly assumed: { roleArn: string; session: string }[] = [];
  readonly logs = new Map<string, string[]>();
  readonly groups = new Set(['/spotforge/stages']);
  readonly accessKeys = new Set<string>();
  /** Answers for coming PutEvents calls: an HTTP failure, or a failed entry in a 200. */
  readonly eventFailures: ('http' | 'entry')[] = [];
  /** No PutEvents call succeeds. */
  busIsDown = false;
  refusedRoles = new Set<string>();
  /** AssumeRole never answers. */
  hangsOnRoles = false;
  #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.accessKeys.add(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
      if (this.hangsOnRoles && request.headers['x-amz-target'] === undefined) return;
      const { status, body, type } = this.#answer(
        String(request.headers['x-amz-target'] ?? ''),
        Buffer.concat(chunks).toString(),
      );
      response.writeHead(status, { 'content-type': type ?? 'application/x-amz-json-1.1' }).end(body);
    });
  });

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  statusesOf(jobId: string): string[] {
    return this.#eventsOf(jobId, 'Batch Job State Change').map(({ detail }) => detail.status);
  }

  /** The events that say that this job holds up its queue. */
  blockedEventsOf(jobId: string): RecordedEvent[] {
    return this.#eventsOf(jobId, 'Batch Job Queue Blocked');
  }

  #eventsOf(jobId: string, detailType: string): RecordedEvent[] {
    return this.events.filter(({ entry, detail }) => detail.jobId === jobId && entry.DetailType === detailType);
  }

  #answer(target: string, body: string): { status: number; body: string; type?: string } {
    if (target === '') return this.#assumeRole(new URLSearchParams(body));
    const input = JSON.parse(body);
    if (target.endsWith('.PutEvents')) return this.#putEvents(input.Entries);
    const key = `${input.logGroupName} ${input.logStreamName ?? ''}`;
    if (target.endsWith('.CreateLogGroup')) this.groups.add(input.logGroupName);
    if (!this.groups.has(input.logGroupName))
      return { status: 400, body: JSON.stringify({ __type: 'ResourceNotFoundException', message: 'no group' }) };
    if (target.endsWith('.CreateLogStream')) this.logs.set(key, []);
    if (target.endsWith('.PutLogEvents'))
      this.logs.get(key)?.push(...input.logEvents.map(({ message }: { message: string }) => message));
    return { status: 200, body: '{}' };
  }

  #putEvents(entries: RecordedEvent['entry'][]): { status: number; body: string } {
    const failure = this.busIsDown ? 'http' : this.eventFailures.shift();
    if (failure === 'http') return { status: 500, body: JSON.stringify({ __type: 'InternalException', message: 'planted' }) };
    if (failure === 'entry') {
      const failed = { FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'planted' }] };
      return { status: 200, body: JSON.stringify(failed) };
    }
    for (const entry of entries) this.events.push({ at: Date.now(), entry, detail: JSON.parse(entry.Detail) });
    return {
      status: 200,
      body: JSON.stringify({ FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: String(index) })) }),
    };
  }

  #assumeRole(query: URLSearchParams): { status: number; body: string; type: string } {
    const roleArn = query.get('RoleArn') ?? '';
    const session = query.get('RoleSessionName') ?? '';
    this.assumed.push({ roleArn, session });
    if (this.refusedRoles.has(roleArn)) {
      const error =
        '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not trusted</Message></Error></ErrorResponse>';
      return { status: 403, body: error, type: 'text/xml' };
    }
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const credentials = `<AccessKeyId>ASIA${this.assumed.length}</AccessKeyId><SecretAccessKey>secret-${session}</SecretAccessKey><SessionToken>session-${session}</SessionToken><Expiration>${expiration}</Expiration>`;
    const result = `<AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult>`;
    return {
      status: 200,
      body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleResponse>`,
      type: 'text/xml',
    };
  }
}
