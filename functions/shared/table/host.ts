import { Entity, type EntityItem } from 'electrodb';
import { STAGES } from '../contracts/names.ts';
import { schemaVersion } from './schema-version.ts';
import { INDEXES, none, SERVICE, type Table } from './table.ts';

/**
 * `pk experiment#{id}, sk host#{run}#{jobId}`: the instance that an attempt has given back. It stays in the index of what the supervisor
 * looks at until it is known what became of it.
 */
export const hostEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'host', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        experimentId: { type: 'string', required: true, readOnly: true },
        run: { type: 'number', required: true, readOnly: true, padding: { length: 4, char: '0' } },
        stage: { type: STAGES, required: true },
        attempt: { type: 'number', required: true },
        jobId: { type: 'string', required: true, readOnly: true },
        queue: { type: 'string', required: true },
        /** ECS's name of the instance; its cluster is part of it. */
        containerInstanceArn: { type: 'string', required: true, readOnly: true },
        /** When the attempt ended, and the instance was free for others. */
        freeSince: { type: 'string', required: true, readOnly: true },
        state: { type: ['watched', 'left', 'reused'] as const, required: true },
      },
      indexes: {
        ofExperiment: {
          pk: { field: 'pk', composite: ['experimentId'], template: 'experiment#${experimentId}', ...none },
          sk: { field: 'sk', composite: ['run', 'jobId'], template: 'host#${run}#${jobId}', ...none },
        },
        watched: {
          index: INDEXES.active,
          condition: ({ state }: { state?: string }) => state === 'watched',
          pk: { field: 'gsi3pk', composite: ['state'], template: 'host#${state}', ...none },
          sk: { field: 'gsi3sk', composite: ['freeSince', 'jobId'], template: '${freeSince}#${jobId}', ...none },
        },
      },
    },
    { client, table },
  );

export type HostItem = EntityItem<ReturnType<typeof hostEntity>>;
