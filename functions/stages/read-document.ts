import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ATTEMPT_DOCUMENTS, type AttemptId, keys } from '../shared/contracts/names.ts';
import { stageProgress } from '../shared/contracts/stage-documents.ts';
import { jsonOf } from '../shared/json.ts';
import { GONE_OR_UNLISTED, readText } from '../shared/read-text.ts';
import type { ResultRead } from './job-view.ts';
import type { ProgressView } from './reconcile.ts';

const read = async (s3: S3Client, bucket: string, key: string): Promise<ResultRead> => {
  const text = await readText(s3, bucket, key, GONE_OR_UNLISTED);
  return text === undefined ? { state: 'absent' } : { state: 'read', document: jsonOf(text) };
};

/** An attempt's result.json as it is; a store that does not answer is an error, never an absence. */
export const readResult = (s3: S3Client, bucket: string, at: AttemptId): Promise<ResultRead> =>
  read(s3, bucket, keys.attempt(at) + ATTEMPT_DOCUMENTS.result);

/** Where an attempt left its stack dump; undefined when it left none, or nobody can tell: a diagnosis that gets lost changes no outcome. */
export const findStacks = async (s3: S3Client, bucket: string, at: AttemptId): Promise<string | undefined> => {
  const key = keys.attempt(at) + ATTEMPT_DOCUMENTS.stacks;
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return `s3://${bucket}/${key}`;
  } catch {
    return undefined;
  }
};

/** An attempt's progress.json; `unknown` when it cannot be read, so that nobody is called hung for it. */
export const readProgress = async (s3: S3Client, bucket: string, at: AttemptId): Promise<ProgressView['document']> => {
  try {
    const found = await read(s3, bucket, keys.attempt(at) + ATTEMPT_DOCUMENTS.progress);
    if (found.state !== 'read') return 'absent';
    return stageProgress.safeParse(found.document).data ?? 'unknown';
  } catch {
    return 'unknown';
  }
};
