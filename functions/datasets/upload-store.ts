import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { keys } from '../shared/contracts/names.ts';
import type { Table } from '../shared/table/table.ts';
import { type UploadItem, uploadEntity } from '../shared/table/upload.ts';

export type UploadStore = ReturnType<typeof uploadStore>;

/** What tenants declared to upload, and what of it is stored. */
export const uploadStore = (table: Table, s3: S3Client, bucket: string) => {
  const uploads = uploadEntity(table);

  const get = async (tenant: string, id: string): Promise<UploadItem | undefined> =>
    (await uploads.get({ tenant, id }).go({ consistent: true })).data ?? undefined;

  /** Stores a declaration; answers false when the very same one is there already. */
  const declare = async (upload: UploadItem): Promise<boolean> => {
    const { rejected } = await uploads.create(upload).go({ returnOnConditionCheckFailure: 'all_old' });
    return !rejected;
  };

  /**
   * Paths of an upload whose object exists with the declared length. Its content is the declared one: every URL that could have
   * written it was signed for that checksum. Listing takes one request per thousand files, where probing would take one per file.
   */
  const storedPaths = async ({ tenant, id, files }: Pick<UploadItem, 'tenant' | 'id' | 'files'>): Promise<Set<string>> => {
    const prefix = keys.upload(tenant, id);
    const stored = new Map<string, number>();
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
      for (const { Key, Size } of page.Contents ?? []) if (Key !== undefined && Size !== undefined) stored.set(Key, Size);
    }
    return new Set(files.filter(({ path, bytes }) => stored.get(`${prefix}${path}`) === bytes).map(({ path }) => path));
  };

  return { get, declare, storedPaths };
};
