import { CustomAttributeType, Entity, type EntityItem } from 'electrodb';
import type { DatasetSchema } from '../contracts/dataset-schema.ts';
import { schemaVersion } from './schema-version.ts';
import { INDEXES, none, SERVICE, type Table } from './table.ts';

/** `pk dataset#{tenant}#{name}, sk dataset`: what every version of it is read by. Never changed. */
export const datasetEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'dataset', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        tenant: { type: 'string', required: true, readOnly: true },
        name: { type: 'string', required: true, readOnly: true },
        schema: { type: CustomAttributeType<DatasetSchema>('any'), required: true, readOnly: true },
        createdAt: { type: 'string', required: true, readOnly: true },
      },
      indexes: {
        byName: {
          pk: { field: 'pk', composite: ['tenant', 'name'], template: 'dataset#${tenant}#${name}', ...none },
          sk: { field: 'sk', composite: [], template: 'dataset', ...none },
        },
        ofTenant: {
          index: INDEXES.newestOfTenant,
          pk: { field: 'gsi1pk', composite: ['tenant'], template: 'tenant#${tenant}#datasets', ...none },
          sk: { field: 'gsi1sk', composite: ['name'], template: '${name}', ...none },
        },
      },
    },
    { client, table },
  );

export type DatasetItem = EntityItem<ReturnType<typeof datasetEntity>>;
