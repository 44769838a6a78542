import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import { keys } from '../shared/contracts/names.ts';
import { jsonOf } from '../shared/json.ts';
import { readText } from '../shared/read-text.ts';

export type SpecStore = ReturnType<typeof specStore>;

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
    const text = await readText(s3, bucket, keys.spec(experimentId));
    return text === undefined ? undefined : jsonOf(text);
  },
});
