import { Entity } from 'electrodb';
import { schemaVersion } from './schema-version.ts';
import { none, SERVICE, type Table } from './table.ts';

/** `pk model#{tenant}#{model}, sk counter`: the last version taken. */
export const modelVersionCounterEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'modelVersionCounter', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        tenant: { type: 'string', required: true, readOnly: true },
        model: { type: 'string', required: true, readOnly: true },
        last: { type: 'number', required: true },
      },
      indexes: {
        byModel: {
          pk: { field: 'pk', composite: ['tenant', 'model'], template: 'model#${tenant}#${model}', ...none },
          sk: { field: 'sk', composite: [], template: 'counter', ...none },
        },
      },
    },
    { client, table },
  );

/** `pk model#{tenant}#{model}, sk version#{experimentId}`: the version that an experiment took, once. */
export const modelVersionEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'modelVersion', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        tenant: { type: 'string', required: true, readOnly: true },
        model: { type: 'string', required: true, readOnly: true },
        experimentId: { type: 'string', required: true, readOnly: true },
        version: { type: 'number', required: true, readOnly: true },
        takenAt: { type: 'string', required: true, readOnly: true },
      },
      indexes: {
        byExperiment: {
          pk: { field: 'pk', composite: ['tenant', 'model'], template: 'model#${tenant}#${model}', ...none },
          sk: { field: 'sk', composite: ['experimentId'], template: 'version#${experimentId}', ...none },
        },
      },
    },
    { client, table },
  );
