import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isNamed } from '../shared/aws-errors.ts';
import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import { keys } from '../shared/contracts/names.ts';

export type SpecStore = ReturnType<typeof specStore>;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `spec.json`, written once and before anything refers to it. */
export const specStore = (s3: S3Client, bucket: string) => ({
  freeze: async (spec: ResolvedSpec): Promise<void> => {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: keys.spec(spec.experimentId),
        Body: `${JSON.stringify(spec, null, 2)}\n`,
        ContentType: 'application/json',
        IfNoneMatch: '*',
      }),
    );
  },

  /** What lies there now, whatever it is; undefined when it is gone or no JSON. */
  read: async (experimentId: string): Promise<unknown> => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: keys.spec(experimentId) }));
      return parsed((await Body?.transformToString()) ?? '');
    } catch (error) {
      if (isNamed(error, 'NoSuchKey')) return undefined;
      throw error;
    }
  },
});
