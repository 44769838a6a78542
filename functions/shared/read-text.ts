import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isNamed } from './aws-errors.ts';

const GONE = ['NoSuchKey'];
/** To somebody without s3:ListBucket a missing key answers 403: both mean that it is not there. */
export const GONE_OR_UNLISTED = [...GONE, 'NotFound', 'AccessDenied', 'Forbidden'];

/**
 * A small object's text; undefined when it is not there, which one of the errors in `missing` says.
 * @throws whatever else the store answers: one that does not answer is no absence
 */
export const readText = async (
  s3: S3Client,
  bucket: string,
  key: string,
  missing: readonly string[] = GONE,
): Promise<string | undefined> => {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  } catch (error) {
    if (isNamed(error, ...missing)) return undefined;
    throw error;
  }
};
