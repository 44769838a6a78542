import { Entity, type EntityItem } from 'electrodb';
import { BATCH_STATUSES } from '../contracts/experiment-view.ts';
import { STAGE_ERRORS, STAGES } from '../contracts/names.ts';
import { schemaVersion } from './schema-version.ts';
import { none, SERVICE, type Table } from './table.ts';

/** `pk experiment#{id}, sk attempt#{run}#{stage index}#{attempt}`: one Batch job. Never holds the task token. */
export const attemptEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'attempt', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        experimentId: { type: 'string', required: true, readOnly: true },
        run: { type: 'number', required: true, readOnly: true, padding: { length: 4, char: '0' } },
        stageIndex: { type: 'number', required: true, readOnly: true },
        attempt: { type: 'number', required: true, readOnly: true, padding: { length: 4, char: '0' } },
        stage: { type: STAGES, required: true },
        jobId: { type: 'string', required: true },
        queue: { type: 'string', required: true },
        status: { type: BATCH_STATUSES, required: true },
        createdAt: { type: 'string' },
        startedAt: { type: 'string' },
        stoppedAt: { type: 'string' },
        exitCode: { type: 'number' },
        reason: { type: 'string' },
        /** What the attempt's end was called, once it has been reported to the state machine. */
        error: { type: STAGE_ERRORS },
        reportedAt: { type: 'string' },
        rung: { type: 'number' },
        microBatchDivisor: { type: 'number' },
      },
      indexes: {
        ofExperiment: {
          pk: { field: 'pk', composite: ['experimentId'], template: 'experiment#${experimentId}', ...none },
          sk: {
            field: 'sk',
            composite: ['run', 'stageIndex', 'attempt'],
            template: 'attempt#${run}#${stageIndex}#${attempt}',
            ...none,
          },
        },
      },
    },
    { client, table },
  );

export type AttemptItem = EntityItem<ReturnType<typeof attemptEntity>>;
