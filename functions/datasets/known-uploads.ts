import { uploadSource } from '../shared/contracts/experiment-spec.ts';
import type { UploadStore } from './upload-store.ts';

/** An upload as far as admission cares: what was declared, and what of it is stored. */
export type UploadState = { sha256: string; paths: readonly string[]; missing: readonly string[] };

/** The uploads that a request names, by their URI; undefined for one that the tenant does not have. */
export type KnownUploads = ReadonlyMap<string, UploadState | undefined>;

const uploadState = async (uploads: UploadStore, tenant: string, id: string): Promise<UploadState | undefined> => {
  const upload = await uploads.get(tenant, id);
  if (!upload) return undefined;
  const stored = await uploads.storedPaths(upload);
  const paths = upload.files.map(({ path }) => path);
  return { sha256: upload.sha256, paths, missing: paths.filter((path) => !stored.has(path)) };
};

/** Looks those of the sources up that are uploads. */
export const knownUploads = async (uploads: UploadStore, tenant: string, sources: readonly string[]): Promise<KnownUploads> =>
  new Map(
    await Promise.all(
      [...new Set(sources)].flatMap((uri) => {
        const id = uploadSource(uri);
        return id === undefined ? [] : [uploadState(uploads, tenant, id).then((state) => [uri, state] as const)];
      }),
    ),
  );
