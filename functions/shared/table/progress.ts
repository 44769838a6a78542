import { CustomAttributeType, Entity, type EntityItem } from 'electrodb';
import { STAGES } from '../contracts/names.ts';
import type { StageProgress } from '../contracts/stage-documents.ts';
import { schemaVersion } from './schema-version.ts';
import { none, SERVICE, type Table } from './table.ts';

const padded = (value: number, length: number): string => String(value).padStart(length, '0');

/** A string that sorts as (run, stage, attempt, sequence) does: one comparison decides whether an event is news. */
export const progressOrder = ({
  run,
  stage,
  attempt,
  sequence,
}: Pick<StageProgress, 'run' | 'stage' | 'attempt' | 'sequence'>): string =>
  [padded(run, 4), STAGES.indexOf(stage), padded(attempt, 4), padded(sequence, 10)].join('#');

/** `pk experiment#{id}, sk progress`: the newest progress alone. */
export const progressEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'progress', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        experimentId: { type: 'string', required: true, readOnly: true },
        order: { type: 'string', required: true },
        progress: { type: CustomAttributeType<StageProgress>('any'), required: true },
        /** When step or fraction last differed from the progress before. */
        movedAt: { type: 'string', required: true },
      },
      indexes: {
        ofExperiment: {
          pk: { field: 'pk', composite: ['experimentId'], template: 'experiment#${experimentId}', ...none },
          sk: { field: 'sk', composite: [], template: 'progress', ...none },
        },
      },
    },
    { client, table },
  );

export type ProgressItem = EntityItem<ReturnType<typeof progressEntity>>;
