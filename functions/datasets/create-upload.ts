import type { S3Client } from '@aws-sdk/client-s3';
import { documentClient, s3Client } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { keys } from '../shared/contracts/names.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import { treeHash } from '../shared/contracts/tree-hash.ts';
import { type UploadResponse, uploadRequest } from '../shared/contracts/upload.ts';
import { InvalidRequest } from '../shared/errors.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify, parseBody } from '../shared/request.ts';
import { uploadIdOf } from './upload-id.ts';
import { pathProblems } from './upload-rules.ts';
import { type UploadStore, uploadStore } from './upload-store.ts';
import { signPut, URL_SECONDS } from './upload-urls.ts';

export const environment = ['TABLE_NAME', 'DATASETS_BUCKET', ...CALLER_VARIABLES] as const;

type Services = { uploads: UploadStore; s3: S3Client; bucket: string; clock: Clock; claims: ClaimNames };

/** `POST /v1/uploads`: where to send each file. The same files are the same upload; what is stored need not be sent again. */
export const createUpload = async (event: HttpEvent, { uploads, s3, bucket, clock, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { files } = parseBody(event, uploadRequest);
  const problems = pathProblems(files);
  if (problems.length > 0) throw new InvalidRequest(problems);

  const now = clock.now();
  const sha256 = treeHash(files);
  const id = uploadIdOf(tenant, sha256);
  const isNew = await uploads.declare({ tenant, id, sha256, files, createdAt: instantOf(now) });
  const stored = isNew ? new Set<string>() : await uploads.storedPaths({ tenant, id, files });

  const expiresAt = instantOf(new Date(now.getTime() + URL_SECONDS * 1000));
  const body: UploadResponse = {
    schemaVersion: SCHEMA_VERSION,
    uploadId: id,
    sha256,
    complete: stored.size === files.length,
    files: await Promise.all(
      files.map(async ({ path, bytes, sha256 }) => {
        if (stored.has(path)) return { path, url: null, headers: {}, expiresAt: null };
        return { path, ...(await signPut(s3, { bucket, key: `${keys.upload(tenant, id)}${path}`, bytes, sha256 })), expiresAt };
      }),
    ),
  };
  return { status: isNew ? 201 : 200, body };
};

export const handler = httpHandler(
  environment,
  (env) => {
    const s3 = s3Client();
    const bucket = env.DATASETS_BUCKET;
    const uploads = uploadStore({ client: documentClient(), table: env.TABLE_NAME }, s3, bucket);
    return { uploads, s3, bucket, clock: systemClock, claims: env };
  },
  createUpload,
);
