import * as z from 'zod';
import { datasetRefusal, datasetReport } from './dataset-preparation.ts';
import {
  calibrationRows,
  datasetSchema,
  labelsSpec,
  requestedColumns,
  requestedSplit,
  SCHEMA_DEFAULTS,
  TASKS,
} from './dataset-schema.ts';
import { sourceUri } from './experiment-spec.ts';
import { count, datasetVersionId, instant, name, preparationId, schemaVersion, sha256 } from './primitives.ts';

/** Body of `POST /v1/datasets`. What it says holds for every version, and cannot be changed. */
export const datasetRequest = z
  .strictObject({
    name,
    task: z.enum(TASKS).default(SCHEMA_DEFAULTS.task),
    columns: requestedColumns.prefault({}),
    labels: labelsSpec,
    split: requestedSplit.prefault({}),
    calibrationRows: calibrationRows.default(SCHEMA_DEFAULTS.calibrationRows),
  })
  .meta({ id: 'DatasetRequest' });

/** Answer of `POST /v1/datasets` and of `GET /v1/datasets/{name}`. */
export const datasetView = z
  .strictObject({ schemaVersion, name, createdAt: instant, schema: datasetSchema })
  .meta({ id: 'Dataset' });
export type DatasetView = z.infer<typeof datasetView>;

export const datasetPage = z
  .strictObject({ items: z.array(datasetView), next: z.string().nullable() })
  .meta({ id: 'DatasetPage' });

/** Body of `POST /v1/datasets/{name}/versions`. */
export const datasetVersionRequest = z
  .strictObject({
    source: sourceUri,
    sha256: sha256.optional().describe('tree hash of the source; refused when the content differs'),
  })
  .meta({ id: 'DatasetVersionRequest' });

export const PREPARATION_STATUSES = ['preparing', 'ready', 'refused', 'failed'] as const;

/** What a list shows of a version. */
const listed = {
  schemaVersion,
  id: preparationId,
  dataset: name,
  version: datasetVersionId.nullable().describe('null until it is known; then a name for this version that says what is in it'),
  status: z
    .enum(PREPARATION_STATUSES)
    .describe('refused: the data are not what the dataset says; failed: nothing is known of the data, send it again'),
  createdAt: instant,
  updatedAt: instant,
  source: sourceUri,
  rowsRead: count.nullable().describe('null until it is ready'),
  rowsKept: count.nullable(),
  problem: datasetRefusal.nullable().describe('why it is refused or failed'),
};
export const datasetVersionListItem = z.strictObject(listed).meta({ id: 'DatasetVersionListItem' });
export type DatasetVersionListItem = z.infer<typeof datasetVersionListItem>;

/** Answer of `POST /v1/datasets/{name}/versions` and of `GET /v1/datasets/{name}/versions/{version}`. */
export const datasetVersionView = z
  .strictObject({
    ...listed,
    report: datasetReport
      .nullable()
      .describe('rows, rejects by reason, label distribution, splits, checksums; null while it is preparing'),
    rejectedRows: z
      .strictObject({ url: z.string().describe('presigned GET of a csv: row, reason, detail'), expiresAt: instant })
      .meta({ id: 'RejectedRowsFile' })
      .nullable()
      .describe('every rejected row; null when there are none'),
  })
  .meta({ id: 'DatasetVersionDetails' });
export type DatasetVersionView = z.infer<typeof datasetVersionView>;

export const datasetVersionPage = z
  .strictObject({ items: z.array(datasetVersionListItem), next: z.string().nullable() })
  .meta({ id: 'DatasetVersionPage' });
