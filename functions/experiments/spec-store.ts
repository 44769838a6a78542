import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import { keys } from '../shared/contracts/names.ts';

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
});
