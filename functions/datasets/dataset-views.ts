import type { DatasetVersionListItem, DatasetView } from '../shared/contracts/dataset-view.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import type { DatasetItem } from '../shared/table/dataset.ts';
import type { DatasetVersionItem } from '../shared/table/dataset-version.ts';

export const datasetViewOf = ({ name, createdAt, schema }: DatasetItem): DatasetView => ({
  schemaVersion: SCHEMA_VERSION,
  name,
  createdAt,
  schema,
});

export const versionListItemOf = (item: DatasetVersionItem): DatasetVersionListItem => ({
  schemaVersion: SCHEMA_VERSION,
  id: item.id,
  dataset: item.dataset,
  version: item.version ?? null,
  status: item.status,
  createdAt: item.createdAt,
  updatedAt: item.updatedAt,
  source: item.source,
  rowsRead: item.rowsRead ?? null,
  rowsKept: item.rowsKept ?? null,
  problem: item.problem ?? null,
});
