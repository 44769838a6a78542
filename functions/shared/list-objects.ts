import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

/** Of a thousand keys each: more than seven thousand releases have. A Lambda lists them in about ten seconds. */
const PAGES = 50;

export type Listed = { key: string; modified: Date };
/** `whole` is false when there was more than the bound. */
export type Listing = { objects: Listed[]; whole: boolean };

/** The objects below a prefix, in the order of their keys, up to a bound. */
export const listObjects = async (s3: S3Client, bucket: string, prefix: string, pages = PAGES): Promise<Listing> => {
  const objects: Listed[] = [];
  let token: string | undefined;
  for (let page = 0; page < pages; page++) {
    const { Contents = [], NextContinuationToken } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(token && { ContinuationToken: token }) }),
    );
    for (const { Key, LastModified } of Contents) if (Key && LastModified) objects.push({ key: Key, modified: LastModified });
    token = NextContinuationToken;
    if (token === undefined) return { objects, whole: true };
  }
  return { objects, whole: false };
};
