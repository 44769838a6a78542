import * as z from 'zod';
import { count, instant, name, relativePath, schemaVersion, sha256, tenant } from './primitives.ts';

const file = z.strictObject({ path: relativePath, bytes: count, sha256 }).meta({ id: 'DatasetFile' });

/** `dataset.json`, the last object of a raw or processed version. */
export const datasetVersion = z
  .strictObject({
    schemaVersion,
    kind: z.enum(['raw', 'processed', 'base-model']),
    tenant,
    name,
    version: z.string().describe('first 16 hexadecimal characters of the tree hash'),
    sha256: sha256.describe('tree hash of the files, without this document'),
    createdAt: instant,
    parent: sha256.nullable().describe('of a processed version: tree hash of the raw one'),
    files: z.array(file).min(1),
  })
  .meta({ id: 'DatasetVersion' });
export type DatasetVersion = z.infer<typeof datasetVersion>;

export const splitCounts = z
  .strictObject({ split: z.enum(['train', 'validation', 'test', 'calibration']), rows: count, classCounts: z.array(count) })
  .meta({ id: 'SplitCounts' });

/** `report.json` of prepare: which rows were refused and why. */
export const prepareReport = z
  .strictObject({
    schemaVersion,
    rowsRead: count,
    rowsKept: count,
    rejected: z.array(
      z
        .strictObject({
          reason: z.string().describe('for example text-empty, label-not-a-number'),
          count,
          examples: z
            .array(
              z
                .strictObject({ row: count.describe('1 is the first data row'), detail: z.string().max(200) })
                .meta({ id: 'RejectedRow' }),
            )
            .max(5),
        })
        .meta({ id: 'RejectedRows' }),
    ),
    truncatedRows: count,
    groups: count,
    splits: z.array(splitCounts),
  })
  .meta({ id: 'PrepareReport' });
export type PrepareReport = z.infer<typeof prepareReport>;
