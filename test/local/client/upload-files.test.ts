import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Api } from '../../../local/client/api.ts';
import { uploadFiles } from '../../../local/client/upload-files.ts';

describe('an upload', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-upload-'));
  const answers: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(answers.shift() ?? 500).end('<Code>Why</Code>'));
  });
  const api = (url: string | null): Api =>
    ({
      createUpload: async (files: { path: string }[]) => ({
        uploadId: 'upl_1',
        sha256: 'f'.repeat(64),
        files: files.map(({ path }) => ({ path, url, headers: {} })),
      }),
    }) as unknown as Api;
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  beforeEach(() => {
    writeFileSync(join(folder, 'data.csv'), 'text,label\n');
    return new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    answers.length = 0;
    await new Promise((resolve) => server.close(resolve));
  });

  it('sends what the service does not have', async () => {
    answers.push(200);
    expect(await uploadFiles(api(url()), join(folder, 'data.csv'))).toMatchObject({ uri: 'upload:upl_1', sentBytes: 11 });
  });

  it('sends nothing that the service has', async () => {
    expect(await uploadFiles(api(null), join(folder, 'data.csv'))).toMatchObject({ bytes: 11, sentBytes: 0 });
  });

  it('goes on when another upload of the same file was faster', async () => {
    answers.push(412);
    expect(await uploadFiles(api(url()), join(folder, 'data.csv'))).toMatchObject({ uri: 'upload:upl_1', sentBytes: 0 });
  });

  it('ends with the reason when a file is refused', async () => {
    answers.push(403);
    await expect(uploadFiles(api(url()), join(folder, 'data.csv'))).rejects.toThrow(/data\.csv was refused with 403: <Code>Why/);
    rmSync(folder, { recursive: true });
  });
});
