import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../../../local/client/api.ts';
import { downloadReports } from '../../../local/compare/download-reports.ts';

/** exp_a and exp_b have a report, exp_running has none yet, and there is no other. */
const answer = (path: string, url: string): [number, unknown] => {
  const [, id, artifacts] = /^\/v1\/experiments\/(\w+)(\/artifacts)?/.exec(path) ?? [];
  if (path.startsWith('/content/')) return [200, { of: path.slice('/content/'.length) }];
  if (id === undefined || !['exp_a', 'exp_b', 'exp_running'].includes(id))
    return [404, { type: 'about:blank', title: 'Not found', status: 404, detail: `There is no experiment ${id}.` }];
  if (artifacts === undefined) return [200, { id, status: 'running' }];
  const report = { kind: 'document', name: 'benchmark/r1-1/report.json', url: `${url}/content/${id}` };
  return [200, { items: id === 'exp_running' ? [] : [report], next: null }];
};

let server: Server;
let api: Api;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spotforge-compare-'));
  server = createServer((request, response) => {
    const [status, body] = answer(request.url ?? '', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  api = new Api(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => 'token');
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe('downloading reports', () => {
  it('gives one file an experiment, in their order', async () => {
    const files = await downloadReports(api, ['exp_b', 'exp_a'], folder);
    expect(files.map((file) => JSON.parse(readFileSync(file, 'utf8')))).toEqual([{ of: 'exp_b' }, { of: 'exp_a' }]);
  });

  it('names every experiment without a report, and what it is doing', async () => {
    await expect(downloadReports(api, ['exp_running', 'exp_a', 'exp_gone'], folder)).rejects.toThrow(
      /exp_running: it is running, and no benchmark of it has written a report\n.*exp_gone: 404 Not found: There is no/,
    );
  });
});
