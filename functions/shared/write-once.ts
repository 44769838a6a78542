import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type * as z from 'zod';
import { isNamed } from './aws-errors.ts';
import { jsonOf } from './json.ts';
import { readText } from './read-text.ts';

type Place = { s3: S3Client; bucket: string; key: string };

/**
 * Stores a document that is written once. Answers the document that is stored, which is an earlier call's when this is a repetition.
 * @throws ZodError when the document, or the one that is there, breaks its contract
 */
export const writeOnce = async <T>({ s3, bucket, key }: Place, schema: z.ZodType<T>, document: T): Promise<T> => {
  const Body = `${JSON.stringify(schema.parse(document), null, 2)}\n`;
  try {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: 'application/json', IfNoneMatch: '*' }));
    return document;
  } catch (error) {
    if (!isNamed(error, 'PreconditionFailed')) throw error;
    return schema.parse(jsonOf((await readText(s3, bucket, key)) ?? ''));
  }
};
