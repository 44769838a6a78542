import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../../functions/shared/contracts/names.ts';
import type { StageProgress } from '../../../functions/shared/contracts/stage-documents.ts';
import { attemptEntity } from '../../../functions/shared/table/attempt.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import { experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { idempotencyKeyEntity } from '../../../functions/shared/table/idempotency-key.ts';
import { modelVersionCounterEntity, modelVersionEntity } from '../../../functions/shared/table/model-version.ts';
import { progressEntity, progressOrder } from '../../../functions/shared/table/progress.ts';
import { lostRace } from '../../../functions/shared/table/transaction.ts';
import { uploadEntity } from '../../../functions/shared/table/upload.ts';
import { anExperiment } from '../an-experiment.ts';

/** Keys are computed without a client. */
const table = { client: undefined as unknown as DynamoDBDocumentClient, table: 'table' };
const keyOf = (params: { Key?: Record<string, unknown> }) => `${params.Key?.pk} ${params.Key?.sk}`;

describe('the keys of the table', () => {
  it('are those that every reader counts on, in the case that ids have', () => {
    const experimentId = 'exp_A';
    const model = { tenant: 'acme', model: 'sentiment' };
    expect([
      keyOf(experimentEntity(table).get({ id: experimentId }).params()),
      keyOf(attemptEntity(table).get({ experimentId, run: 2, stageIndex: 3, attempt: 11 }).params()),
      keyOf(progressEntity(table).get({ experimentId }).params()),
      keyOf(eventEntity(table).get({ experimentId, at: '2026-11-22T06:00:00.000Z', id: '000001-0' }).params()),
      keyOf(uploadEntity(table).get({ tenant: 'acme', id: 'upl_A' }).params()),
      keyOf(idempotencyKeyEntity(table).get({ tenant: 'acme', route: 'POST-experiments', key: 'K' }).params()),
      keyOf(modelVersionCounterEntity(table).get(model).params()),
      keyOf(
        modelVersionEntity(table)
          .get({ ...model, experimentId })
          .params(),
      ),
    ]).toEqual([
      'experiment#exp_A experiment',
      'experiment#exp_A attempt#0002#3#0011',
      'experiment#exp_A progress',
      'experiment#exp_A event#2026-11-22T06:00:00.000Z#000001-0',
      'upload#acme#upl_A upload',
      'idempotency#acme#POST-experiments#K idempotency',
      'model#acme#sentiment counter',
      'model#acme#sentiment version#exp_A',
    ]);
  });

  it('put an experiment into the lists of its tenant, of its status and, while it lasts, of what is active', () => {
    const indexKeys = (status: 'running' | 'failed') => {
      const { Item } = experimentEntity(table)
        .put(anExperiment({ id: 'exp_A', status }))
        .params() as unknown as {
        Item: Record<string, string>;
      };
      return Object.fromEntries(Object.entries(Item).filter(([name]) => name.startsWith('gsi')));
    };
    const newest = {
      gsi1pk: 'tenant#acme#experiments',
      gsi1sk: '2026-11-22T06:00:00.000Z#exp_A',
      gsi2sk: '2026-11-22T06:00:00.000Z#exp_A',
    };
    expect(indexKeys('failed')).toEqual({ ...newest, gsi2pk: 'tenant#acme#status#failed' });
    expect(indexKeys('running')).toEqual({
      ...newest,
      gsi2pk: 'tenant#acme#status#running',
      gsi3pk: 'active#running',
      gsi3sk: '2026-11-22T06:00:00.000Z#exp_A',
    });
  });
});

describe('the order of progress', () => {
  const position = fc.record({
    run: fc.integer({ min: 1, max: 9999 }),
    stage: fc.constantFrom(...STAGES),
    attempt: fc.integer({ min: 1, max: 9999 }),
    sequence: fc.integer({ min: 0, max: 10 ** 9 }),
  });
  type Position = Pick<StageProgress, 'run' | 'stage' | 'attempt' | 'sequence'>;
  const compare = (a: Position, b: Position) =>
    a.run - b.run || STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || a.attempt - b.attempt || a.sequence - b.sequence;

  it('is that of run, stage, attempt and sequence', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const [x, y] = [progressOrder(a), progressOrder(b)];
        expect(Math.sign(compare(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
      }),
    );
  });
});

describe('a cancelled transaction', () => {
  const places = (...codes: string[]) => codes.map((code) => ({ rejected: code !== 'None', code, message: 'why' }));

  it('is a lost race when somebody else was faster or DynamoDB is busy', () => {
    expect(lostRace({ canceled: false, data: places('None') })).toBe(false);
    expect(lostRace({ canceled: true, data: places('None', 'ConditionalCheckFailed', 'TransactionConflict') })).toBe(true);
  });

  it('is an error of ours otherwise', () => {
    expect(() => lostRace({ canceled: true, data: places('ConditionalCheckFailed', 'ValidationError') })).toThrow(
      'ValidationError why',
    );
  });
});
