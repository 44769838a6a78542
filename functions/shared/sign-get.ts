import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export const GET_URL_SECONDS = 15 * 60;

/** Stages store bytes without a type; a page of theirs is to open in a browser instead of being saved. */
const asPage = (key: string) => (key.endsWith('.html') ? { ResponseContentType: 'text/html; charset=utf-8' } : {});

/** A URL of one object for fifteen minutes. */
export const signGet = (s3: S3Client, bucket: string, key: string): Promise<string> =>
  getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: key, ...asPage(key) }), { expiresIn: GET_URL_SECONDS });
