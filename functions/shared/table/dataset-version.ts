import { CustomAttributeType, Entity, type EntityItem } from 'electrodb';
import { type DatasetVersionListItem, PREPARATION_STATUSES } from '../contracts/dataset-view.ts';
import { schemaVersion } from './schema-version.ts';
import { none, SERVICE, type Table } from './table.ts';

/**
 * `pk dataset#{tenant}#{dataset}, sk version#{id}`: one preparation, and the version that came of it. Ids sort by their time. Changed once,
 * from `preparing` to what became of it.
 */
export const datasetVersionEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'datasetVersion', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        tenant: { type: 'string', required: true, readOnly: true },
        dataset: { type: 'string', required: true, readOnly: true },
        id: { type: 'string', required: true, readOnly: true },
        source: { type: 'string', required: true, readOnly: true },
        createdAt: { type: 'string', required: true, readOnly: true },
        updatedAt: { type: 'string', required: true },
        status: { type: PREPARATION_STATUSES, required: true },
        version: { type: 'string' },
        rawUri: { type: 'string' },
        rawSha256: { type: 'string' },
        rowsRead: { type: 'number' },
        rowsKept: { type: 'number' },
        problem: { type: CustomAttributeType<NonNullable<DatasetVersionListItem['problem']>>('any') },
      },
      indexes: {
        ofDataset: {
          pk: { field: 'pk', composite: ['tenant', 'dataset'], template: 'dataset#${tenant}#${dataset}', ...none },
          sk: { field: 'sk', composite: ['id'], template: 'version#${id}', ...none },
        },
      },
    },
    { client, table },
  );

export type DatasetVersionItem = EntityItem<ReturnType<typeof datasetVersionEntity>>;

/** `pk dataset#{tenant}#{dataset}, sk content#{version}`: the first preparation that this content came of. */
export const datasetContentEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'datasetContent', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        tenant: { type: 'string', required: true, readOnly: true },
        dataset: { type: 'string', required: true, readOnly: true },
        version: { type: 'string', required: true, readOnly: true },
        id: { type: 'string', required: true, readOnly: true },
      },
      indexes: {
        byVersion: {
          pk: { field: 'pk', composite: ['tenant', 'dataset'], template: 'dataset#${tenant}#${dataset}', ...none },
          sk: { field: 'sk', composite: ['version'], template: 'content#${version}', ...none },
        },
      },
    },
    { client, table },
  );
