import * as z from 'zod';
import { splitCounts } from './dataset.ts';
import { datasetSchema } from './dataset-schema.ts';
import { sourceUri } from './experiment-spec.ts';
import {
  count,
  datasetVersionId,
  gitSha,
  instant,
  name,
  preparationId,
  s3Uri,
  schemaVersion,
  sha256,
  tenant,
} from './primitives.ts';

/** `dataset-preparations/{tenant}/{id}/request.json`: what the job that makes a version is told. Written once, before the job is submitted. */
export const datasetPreparationRequest = z
  .strictObject({
    schemaVersion,
    preparationId,
    tenant,
    dataset: name,
    createdAt: instant,
    source: sourceUri,
    sha256: sha256.optional().describe('tree hash of the source; refused when the content differs'),
    schema: datasetSchema,
  })
  .meta({ id: 'DatasetPreparationRequest' });
export type DatasetPreparationRequest = z.infer<typeof datasetPreparationRequest>;

/** As many rows or files as a report names of each kind; a file beside it has all rejected rows. */
export const REPORTED_EXAMPLES = 100;

const refusedRow = z
  .strictObject({ row: count.describe('1 is the first data row'), detail: z.string().max(200) })
  .meta({ id: 'RefusedRow' });

export const refusedRows = z
  .strictObject({
    reason: z.string().describe('for example text-empty, label-not-a-number, copy-of-test-row'),
    count,
    examples: z.array(refusedRow).max(REPORTED_EXAMPLES).describe('the first of them'),
  })
  .meta({ id: 'RefusedRows' });

const labelCount = z.strictObject({ value: z.number(), rows: count }).meta({ id: 'LabelCount' });

const SPLIT = z.enum(['train', 'validation', 'test']);
const nearDuplicatePair = z
  .strictObject({ row: count, split: SPLIT, otherRow: count, otherSplit: SPLIT })
  .meta({ id: 'NearDuplicatePair' });

/** Rows that are nearly the same. In two splits they are a leak: the copy in the earlier split is left out, and is among the rejected rows. */
export const nearDuplicates = z
  .strictObject({
    pairs: count.describe('all that were found, within a split and across splits'),
    leaks: count.describe('pairs across splits'),
    rowsLeftOut: count.describe('rows left out because of them'),
    examples: z.array(nearDuplicatePair).max(REPORTED_EXAMPLES).describe('the first of the leaks'),
  })
  .meta({ id: 'NearDuplicates' });

export const datasetRefusal = z
  .strictObject({ message: z.string().describe('what is wrong'), where: z.string().nullable(), remedy: z.string().nullable() })
  .meta({ id: 'DatasetRefusal' });

/**
 * `report.json` beside the request: what became of the preparation. Written once, last of all. With `refused` no version is stored, and the
 * figures are those that were known by then.
 */
export const datasetReport = z
  .strictObject({
    schemaVersion,
    preparationId,
    tenant,
    dataset: name,
    endedAt: instant,
    gitSha,
    imageDigest: z.string(),
    status: z.enum(['ready', 'refused']),
    refusal: datasetRefusal.nullable().describe('null when it is ready'),
    version: datasetVersionId.nullable(),
    rawUri: s3Uri.nullable().describe('folder of the files as they came'),
    rawSha256: sha256.nullable().describe('tree hash'),
    processedUri: s3Uri.nullable().describe('folder of the splits'),
    processedSha256: sha256.nullable().describe('tree hash'),
    bytes: count.describe('of the files as they came; 0 when they were not read'),
    rowsRead: count,
    rowsKept: count,
    groups: count,
    rejected: z.array(refusedRows).describe('by reason'),
    rejectedRowsUri: s3Uri.nullable().describe('csv of all rejected rows: row, reason, detail; null when there are none'),
    labels: z.array(labelCount).describe('rows kept of each label value, lowest first'),
    splits: z.array(splitCounts),
    nearDuplicates: nearDuplicates.nullable().describe('null when the rows were not compared'),
    unlistedFiles: z
      .strictObject({ count, examples: z.array(z.string()).max(REPORTED_EXAMPLES) })
      .meta({ id: 'UnlistedFiles' })
      .describe('files that no row names'),
  })
  .meta({ id: 'DatasetReport' });
export type DatasetReport = z.infer<typeof datasetReport>;
