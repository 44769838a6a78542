import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

/** Long enough for a slow line to begin; a transfer that has begun may end later. */
export const URL_SECONDS = 15 * 60;

type SignedPut = { url: string; headers: Record<string, string> };

/**
 * A URL for exactly one body: its length and SHA-256 are signed headers, so that S3 refuses any other, and so is `If-None-Match: *`, so
 * that nothing stored can be replaced. The sender must send `headers` as they are.
 */
export const signPut = async (
  s3: S3Client,
  { bucket, key, bytes, sha256 }: { bucket: string; key: string; bytes: number; sha256: string },
): Promise<SignedPut> => {
  const checksum = Buffer.from(sha256, 'hex').toString('base64');
  const url = await getSignedUrl(
    s3,
    new PutObjectCommand({ Bucket: bucket, Key: key, ContentLength: bytes, ChecksumSHA256: checksum, IfNoneMatch: '*' }),
    {
      expiresIn: URL_SECONDS,
      // Moved into the query, as the presigner does with x-amz-* by default, the checksum would not bind the body.
      unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
      signableHeaders: new Set(['host', 'content-length', 'if-none-match', 'x-amz-checksum-sha256']),
    },
  );
  return { url, headers: { 'content-length': String(bytes), 'if-none-match': '*', 'x-amz-checksum-sha256': checksum } };
};
