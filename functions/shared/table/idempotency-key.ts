import { Entity, type EntityItem } from 'electrodb';
import { schemaVersion } from './schema-version.ts';
import { none, SERVICE, type Table } from './table.ts';

/** `pk idempotency#{tenant}#{route}#{key}, sk idempotency`: the first answer to a request that may be sent again. Kept as long as the experiment. */
export const idempotencyKeyEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'idempotencyKey', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        tenant: { type: 'string', required: true, readOnly: true },
        route: { type: 'string', required: true, readOnly: true },
        key: { type: 'string', required: true, readOnly: true },
        requestSha256: { type: 'string', required: true, readOnly: true },
        status: { type: 'number', required: true, readOnly: true },
        body: { type: 'string', required: true, readOnly: true },
        location: { type: 'string', required: true, readOnly: true },
        createdAt: { type: 'string', required: true, readOnly: true },
      },
      indexes: {
        byKey: {
          pk: { field: 'pk', composite: ['tenant', 'route', 'key'], template: 'idempotency#${tenant}#${route}#${key}', ...none },
          sk: { field: 'sk', composite: [], template: 'idempotency', ...none },
        },
      },
    },
    { client, table },
  );

export type IdempotencyKeyItem = EntityItem<ReturnType<typeof idempotencyKeyEntity>>;
