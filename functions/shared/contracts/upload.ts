import * as z from 'zod';
import { instant, relativePath, schemaVersion, sha256, uploadId } from './primitives.ts';

const GIB = 1024 ** 3;

/** Body of `POST /v1/uploads`. */
export const uploadRequest = z
  .strictObject({
    files: z
      .array(
        z.strictObject({
          path: relativePath,
          bytes: z
            .int()
            .min(1)
            .max(5 * GIB),
          sha256,
        }),
      )
      .min(1)
      .max(1000)
      .refine((files) => new Set(files.map((file) => file.path)).size === files.length, 'expected every path once'),
  })
  .meta({ id: 'UploadRequest' });
export type UploadRequest = z.infer<typeof uploadRequest>;

/** Answer: where to PUT each file, with these headers exactly. A file that is already there has no url. */
export const uploadResponse = z
  .strictObject({
    schemaVersion,
    uploadId,
    sha256: sha256.describe('tree hash of the files'),
    complete: z.boolean().describe('true when every file is already stored: nothing to send'),
    files: z.array(
      z.strictObject({
        path: relativePath,
        url: z.string().nullable(),
        headers: z.record(z.string(), z.string()),
        expiresAt: instant.nullable(),
      }),
    ),
  })
  .meta({ id: 'UploadResponse' });
export type UploadResponse = z.infer<typeof uploadResponse>;
