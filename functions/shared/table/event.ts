import { Entity, type EntityItem } from 'electrodb';
import { STAGES } from '../contracts/names.ts';
import { schemaVersion } from './schema-version.ts';
import { none, SERVICE, type Table } from './table.ts';

/** `pk experiment#{id}, sk event#{time}#{id}`: one line of an experiment's history. */
export const eventEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'event', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        experimentId: { type: 'string', required: true, readOnly: true },
        id: { type: 'string', required: true, readOnly: true },
        at: { type: 'string', required: true, readOnly: true },
        type: { type: 'string', required: true, readOnly: true },
        stage: { type: STAGES, readOnly: true },
        run: { type: 'number', required: true, readOnly: true },
        attempt: { type: 'number', readOnly: true },
        message: { type: 'string', required: true, readOnly: true },
      },
      indexes: {
        ofExperiment: {
          pk: { field: 'pk', composite: ['experimentId'], template: 'experiment#${experimentId}', ...none },
          sk: { field: 'sk', composite: ['at', 'id'], template: 'event#${at}#${id}', ...none },
        },
      },
    },
    { client, table },
  );

export type EventItem = EntityItem<ReturnType<typeof eventEntity>>;
