import { CustomAttributeType, Entity, type EntityItem } from 'electrodb';
import type { ResolvedSpec } from '../contracts/experiment-spec.ts';
import { type ExperimentView, type FailureView, STATUSES } from '../contracts/experiment-view.ts';
import { STAGES, type Stage } from '../contracts/names.ts';
import type { StageSummaries } from '../contracts/stage-documents.ts';
import { schemaVersion } from './schema-version.ts';
import { INDEXES, none, SERVICE, type Table } from './table.ts';

/** Statuses in which something is still to be done: the supervisor looks at these alone. */
export const ACTIVE_STATUSES = ['queued', 'running', 'cancelling'] as const;

type CurrentAttempt = { run: number; stage: Stage; attempt: number };

/** `pk experiment#{id}, sk experiment`. Every write bumps `revision` and is conditional on the one that was read. */
export const experimentEntity = ({ client, table }: Table) =>
  new Entity(
    {
      model: { entity: 'experiment', version: '1', service: SERVICE },
      attributes: {
        schemaVersion,
        id: { type: 'string', required: true, readOnly: true },
        tenant: { type: 'string', required: true, readOnly: true },
        name: { type: 'string', required: true, readOnly: true },
        model: { type: 'string', required: true, readOnly: true },
        dataset: { type: 'string', required: true, readOnly: true },
        status: { type: STATUSES, required: true },
        stage: { type: STAGES },
        run: { type: 'number', required: true },
        revision: { type: 'number', required: true },
        createdAt: { type: 'string', required: true, readOnly: true },
        updatedAt: { type: 'string', required: true },
        startedAt: { type: 'string' },
        endedAt: { type: 'string' },
        spec: { type: CustomAttributeType<ResolvedSpec>('any'), required: true, readOnly: true },
        stages: { type: CustomAttributeType<StageSummaries>('any') },
        failure: { type: CustomAttributeType<FailureView>('any') },
        bundle: { type: CustomAttributeType<NonNullable<ExperimentView['bundle']>>('any') },
        waiting: { type: CustomAttributeType<NonNullable<ExperimentView['waiting']>>('any') },
        executionArn: { type: 'string' },
        /** Manifest URI of each stage's winning attempt. */
        inputs: { type: CustomAttributeType<Partial<Record<Stage, string>>>('any') },
        current: { type: CustomAttributeType<CurrentAttempt>('any') },
      },
      indexes: {
        byId: {
          pk: { field: 'pk', composite: ['id'], template: 'experiment#${id}', ...none },
          sk: { field: 'sk', composite: [], template: 'experiment', ...none },
        },
        newest: {
          index: INDEXES.newestOfTenant,
          pk: { field: 'gsi1pk', composite: ['tenant'], template: 'tenant#${tenant}#experiments', ...none },
          sk: { field: 'gsi1sk', composite: ['createdAt', 'id'], template: '${createdAt}#${id}', ...none },
        },
        newestByStatus: {
          index: INDEXES.newestOfTenantByStatus,
          pk: { field: 'gsi2pk', composite: ['tenant', 'status'], template: 'tenant#${tenant}#status#${status}', ...none },
          sk: { field: 'gsi2sk', composite: ['createdAt', 'id'], template: '${createdAt}#${id}', ...none },
        },
        active: {
          index: INDEXES.active,
          condition: ({ status }: { status?: string }) => ACTIVE_STATUSES.some((active) => active === status),
          // An update writes only the keys whose attributes it sets: both of these hold one that every write sets, so that a resume,
          // which brings an experiment back into this index, writes both.
          pk: { field: 'gsi3pk', composite: ['status'], template: 'active#${status}', ...none },
          sk: { field: 'gsi3sk', composite: ['updatedAt', 'id'], template: '${updatedAt}#${id}', ...none },
        },
      },
    },
    { client, table },
  );

export type ExperimentItem = EntityItem<ReturnType<typeof experimentEntity>>;
