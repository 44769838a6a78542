import { readFile } from 'node:fs/promises';
import type { Api } from './api.ts';
import { hashFiles } from './file-hash.ts';

export type Uploaded = { uri: string; sha256: string; bytes: number; sentBytes: number };

/** Each URL may create its object and not replace it, and only with this content: another upload of the same file was faster. */
const ALREADY_THERE = 412;

/** Uploads a file or folder by presigned PUTs; what the service already has is not sent again. */
export const uploadFiles = async (api: Api, path: string): Promise<Uploaded> => {
  const files = await hashFiles(path);
  const answer = await api.createUpload(files.map(({ path: name, bytes, sha256 }) => ({ path: name, bytes, sha256 })));
  let sentBytes = 0;
  for (const target of answer.files) {
    const file = files.find((candidate) => candidate.path === target.path);
    if (!file || target.url === null) continue;
    const response = await fetch(target.url, { method: 'PUT', headers: target.headers, body: await readFile(file.file) });
    if (response.status === ALREADY_THERE) continue;
    if (!response.ok) throw new Error(`The upload of ${file.path} was refused with ${response.status}: ${await response.text()}`);
    sentBytes += file.bytes;
  }
  return {
    uri: `upload:${answer.uploadId}`,
    sha256: answer.sha256,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    sentBytes,
  };
};
