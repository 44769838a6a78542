import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Api, ApiRefusal } from '../../../local/client/api.ts';

type Busy = { status: number; headers?: Record<string, string> };

const saysWhen: Busy = { status: 503, headers: { 'retry-after': '0.01' } };
const gatewayTimeOut: Busy = { status: 500, headers: { 'content-type': 'application/json' } };

describe('a call of the API', () => {
  const seen: { line: string; key: string | undefined }[] = [];
  const busy: Busy[] = [];
  const server = createServer((request, response) => {
    seen.push({ line: `${request.method} ${request.url}`, key: request.headers['idempotency-key']?.toString() });
    request.resume();
    request.on('end', () => {
      const answer = busy.shift();
      if (answer === undefined) return response.writeHead(200).end('{"id":"exp_1"}');
      return response.writeHead(answer.status, answer.headers).end('{"title":"Busy"}');
    });
  });
  const api = (): Api => new Api(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => 'token');

  beforeEach(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  afterEach(async () => {
    seen.length = 0;
    busy.length = 0;
    await new Promise((resolve) => server.close(resolve));
  });

  it('is sent again while the service is busy and says when', async () => {
    busy.push(saysWhen, saysWhen);
    expect((await api().experiment('exp_1')).id).toBe('exp_1');
    expect(seen).toHaveLength(3);
  });

  it('is sent again when the gateway answers by itself, because a function ran out of time', async () => {
    busy.push(gatewayTimeOut);
    expect((await api().experiment('exp_1')).id).toBe('exp_1');
    expect(seen).toHaveLength(2);
  });

  it('makes one experiment however often it is sent: each time with the same key, its own or the one given', async () => {
    busy.push(saysWhen, gatewayTimeOut);
    expect((await api().createExperiment({})).id).toBe('exp_1');
    expect(new Set(seen.map(({ key }) => key))).toEqual(new Set([expect.stringMatching(/^[0-9a-f-]{36}$/)]));
    expect(seen).toHaveLength(3);
    busy.push(saysWhen);
    await api().createExperiment({}, 'a-key');
    expect(seen.slice(3).map(({ key }) => key)).toEqual(['a-key', 'a-key']);
  });

  it('is not sent again when a POST has no key that would make the second one the first', async () => {
    busy.push(saysWhen);
    await expect(api().call('/v1/anything', { method: 'POST' })).rejects.toThrow(/503 Busy/);
    expect(seen).toHaveLength(1);
  });

  it('is not sent again when the service itself refuses it', async () => {
    busy.push({ status: 500, headers: { 'content-type': 'application/problem+json' } });
    await expect(api().experiment('exp_1')).rejects.toThrow(ApiRefusal);
    expect(seen).toHaveLength(1);
  });
});
