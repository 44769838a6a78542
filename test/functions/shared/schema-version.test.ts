import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { experimentReader } from '../../../functions/experiments/experiment-reader.ts';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { statusChange } from '../../../functions/experiments/status-change.ts';
import { submissionStore } from '../../../functions/experiments/submission-store.ts';
import { isNamed } from '../../../functions/shared/aws-errors.ts';
import { ItemTooNew, ItemTooOld } from '../../../functions/shared/errors.ts';
import { attemptEntity } from '../../../functions/shared/table/attempt.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import { experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { hostEntity } from '../../../functions/shared/table/host.ts';
import { idempotencyKeyEntity } from '../../../functions/shared/table/idempotency-key.ts';
import { modelVersionCounterEntity, modelVersionEntity } from '../../../functions/shared/table/model-version.ts';
import { progressEntity } from '../../../functions/shared/table/progress.ts';
import { assertReadable, ITEM_SCHEMA_VERSION } from '../../../functions/shared/table/schema-version.ts';
import { uploadEntity } from '../../../functions/shared/table/upload.ts';
import { anExperiment } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

const ENTITIES = [
  experimentEntity,
  attemptEntity,
  progressEntity,
  eventEntity,
  hostEntity,
  uploadEntity,
  idempotencyKeyEntity,
  modelVersionEntity,
  modelVersionCounterEntity,
];

/** Stores an experiment as code of that version would have. */
const stored = async (schemaVersion: number | undefined) => {
  const experiment = anExperiment();
  const { Item } = experimentEntity(aws.table).put(experiment).params() as unknown as { Item: Record<string, unknown> };
  await aws.table.client.send(new PutCommand({ TableName: aws.table.table, Item: { ...Item, schemaVersion } }));
  return experiment;
};
const rawOf = async (id: string) => {
  const { data } = await experimentEntity(aws.table).get({ id }).go({ data: 'raw' });
  return (data as unknown as { Item: Record<string, unknown> }).Item;
};

describe('the version of the layout of items', () => {
  it.each(ENTITIES.map((entity) => [entity]))('is written by %o', (entity) => {
    expect(entity(aws.table).schema.attributes).toHaveProperty('schemaVersion.default', ITEM_SCHEMA_VERSION);
  });

  it('is on an item from its first write on, and no change of the item touches it', async () => {
    const experiment = anExperiment();
    await submissionStore(aws.table).store(experiment, undefined);
    expect(await rawOf(experiment.id)).toMatchObject({ schemaVersion: ITEM_SCHEMA_VERSION });
    const old = await stored(undefined);
    await experimentStore(aws.table).transition(old, 'running');
    expect(await rawOf(old.id)).toMatchObject({ status: 'running', revision: 2 });
    expect(await rawOf(old.id)).not.toHaveProperty('schemaVersion');
  });

  it('may be the current one or the one before', async () => {
    for (const version of [ITEM_SCHEMA_VERSION, ITEM_SCHEMA_VERSION - 1, undefined]) {
      const experiment = await stored(version);
      expect(await experimentReader(aws.table).get('acme', experiment.id)).toEqual(experiment);
    }
    expect(() => [undefined, 0, 1].map((version) => assertReadable(version, 1))).not.toThrow();
    expect(() => [1, 2].map((version) => assertReadable(version, 2))).not.toThrow();
  });

  it('is refused when it is newer, with what to do, by whoever reads the item and before anything is written', async () => {
    const { id } = await stored(ITEM_SCHEMA_VERSION + 1);
    const deploy = `schemaVersion ${ITEM_SCHEMA_VERSION + 1}.*Deploy the version of Spotforge that wrote it`;
    const reading = experimentReader(aws.table).get('acme', id);
    await expect(reading).rejects.toThrow(new RegExp(deploy));
    expect(isNamed(await reading.catch((error: unknown) => error), 'ItemTooNew')).toBe(true);
    await expect(experimentReader(aws.table).newest('acme', { limit: 100 })).rejects.toThrow(new RegExp(deploy));
    await expect(experimentStore(aws.table).change(id, () => ({ status: 'running' }))).rejects.toThrow(new RegExp(deploy));
    expect(await rawOf(id)).toMatchObject({ status: 'queued', revision: 1 });
  });

  it('is refused when two changes of layout lie between, with what to do', () => {
    expect(() => assertReadable(undefined, 2)).toThrow(ItemTooOld);
    expect(() => assertReadable(3, 5)).toThrow(/npm run migrate/);
  });

  it('is looked at in the table’s stream as well', () => {
    const image = (schemaVersion: string) => ({
      sk: { S: 'experiment' },
      status: { S: 'running' },
      schemaVersion: { N: schemaVersion },
    });
    expect(() => statusChange({ dynamodb: { NewImage: image('99') } })).toThrow(ItemTooNew);
  });
});
