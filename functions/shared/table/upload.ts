import { CustomAttributeType, Entity, type EntityItem } from 'electrodb';
import type { UploadRequest } from '../contracts/upload.ts';
import { schemaVersion } from './schema-version.ts';
import { none, SERVICE, type Table } from './table.ts';

/** `pk upload#{tenant}#{id}, sk upload`: what a tenant declared to send. The tenant is part of the key. */
export const uploadEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'upload', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        tenant: { type: 'string', required: true, readOnly: true },
        id: { type: 'string', required: true, readOnly: true },
        sha256: { type: 'string', required: true, readOnly: true },
        files: { type: CustomAttributeType<UploadRequest['files']>('any'), required: true, readOnly: true },
        createdAt: { type: 'string', required: true, readOnly: true },
      },
      indexes: {
        byId: {
          pk: { field: 'pk', composite: ['tenant', 'id'], template: 'upload#${tenant}#${id}', ...none },
          sk: { field: 'sk', composite: [], template: 'upload', ...none },
        },
      },
    },
    { client, table },
  );

export type UploadItem = EntityItem<ReturnType<typeof uploadEntity>>;
