import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Api, ApiRefusal } from '../../../local/client/api.ts';

describe('a call of the API', () => {
  const seen: string[] = [];
  const busy: (number | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume();
    request.on('end', () => {
      if (busy.length === 0) return response.writeHead(200).end('{"id":"exp_1"}');
      const seconds = busy.shift();
      return response.writeHead(503, seconds === undefined ? {} : { 'retry-after': String(seconds) }).end('{"title":"Busy"}');
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
    busy.push(0.01, 0.01);
    expect((await api().experiment('exp_1')).id).toBe('exp_1');
    expect(seen).toHaveLength(3);
  });

  it('is sent again with its key, and never without one', async () => {
    busy.push(0.01);
    expect((await api().createExperiment({}, 'a-key')).id).toBe('exp_1');
    busy.push(0.01);
    await expect(api().createExperiment({})).rejects.toThrow(ApiRefusal);
    expect(seen).toHaveLength(3);
  });

  it('is not sent again when nobody says when', async () => {
    busy.push(undefined);
    await expect(api().experiment('exp_1')).rejects.toThrow(/503 Busy/);
    expect(seen).toHaveLength(1);
  });
});
