import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { signGet } from '../shared/sign-get.ts';
import type { ArtifactSource, StoredObject } from './artifact-sources.ts';

const MAX_KEYS = 1000;

export type ArtifactReader = ReturnType<typeof artifactReader>;
export type Position = { source: number; key: string };
type FoundObject = StoredObject & { source: number };

/** Objects under a prefix in the order of their keys: those after `startAfter`, `limit` at most. */
const listed = async (s3: S3Client, { bucket, prefix }: ArtifactSource, startAfter: string | undefined, limit: number) => {
  const objects: StoredObject[] = [];
  for (let token: string | undefined, first = true; first || (token !== undefined && objects.length < limit); first = false) {
    const { Contents = [], NextContinuationToken } = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: Math.min(limit - objects.length, MAX_KEYS),
        ContinuationToken: token,
        StartAfter: startAfter,
      }),
    );
    objects.push(...Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, bytes: Size })));
    token = NextContinuationToken;
  }
  return objects;
};

/** Lists and signs objects of an experiment, source after source, each in the order of its keys. */
export const artifactReader = (s3: S3Client) => ({
  /** `limit` objects at most, those after a position. */
  list: async (sources: readonly ArtifactSource[], after: Position | undefined, limit: number): Promise<FoundObject[]> => {
    const found: FoundObject[] = [];
    for (const [index, source] of sources.entries()) {
      const left = limit - found.length;
      if (left === 0) break;
      if (index < (after?.source ?? 0)) continue;
      const startAfter = after?.source === index ? `${source.prefix}${after.key}` : undefined;
      let objects: StoredObject[];
      if (source.shown === undefined) objects = await listed(s3, source, startAfter, left);
      else {
        // What is shown depends on all that is there, not on one page of it.
        const all = await listed(s3, source, undefined, Number.POSITIVE_INFINITY);
        const shown = source.shown(all.map(({ key }) => key));
        objects = all.filter(({ key }) => shown.has(key) && (startAfter === undefined || key > startAfter)).slice(0, left);
      }
      found.push(...objects.map((object) => ({ source: index, ...object })));
    }
    return found;
  },

  url: (bucket: string, key: string): Promise<string> => signGet(s3, bucket, key),
});
