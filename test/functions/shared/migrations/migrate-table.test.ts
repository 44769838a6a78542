import { PutCommand, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { experimentStore } from '../../../../functions/experiments/experiment-store.ts';
import { migrateTable } from '../../../../functions/shared/migrations/migrate-table.ts';
import { type Item, MIGRATIONS } from '../../../../functions/shared/migrations/migrations.ts';
import { experimentEntity } from '../../../../functions/shared/table/experiment.ts';
import { ITEM_SCHEMA_VERSION } from '../../../../functions/shared/table/schema-version.ts';
import { anExperiment } from '../../an-experiment.ts';
import { type LocalAws, localAws } from '../../local-aws.ts';

let aws: LocalAws;
beforeEach(async () => {
  aws = await localAws();
});

const put = (Item: Item) => aws.table.client.send(new PutCommand({ TableName: aws.table.table, Item }));
/** An experiment as it was stored before items had a version. */
const storeOld = async () => {
  const experiment = anExperiment();
  const params = experimentEntity(aws.table).put(experiment).params() as unknown as { Item: Item };
  const { schemaVersion: _, ...item } = params.Item;
  await put(item);
  return { experiment, item };
};
const everything = async (): Promise<Item[]> => {
  const items: Item[] = [];
  for await (const { Items = [] } of paginateScan({ client: aws.table.client }, { TableName: aws.table.table }))
    items.push(...Items);
  return items.sort((a, b) => `${a.pk} ${a.sk}`.localeCompare(`${b.pk} ${b.sk}`));
};

describe('migrating a table', () => {
  it('writes nothing unless it is told to', async () => {
    const { item } = await storeOld();
    expect(await migrateTable(aws.table, { apply: false })).toEqual({ read: 1, current: 0, migrated: 1, lostRaces: 0 });
    expect(await everything()).toEqual([item]);
  });

  it('brings every item to the newest layout, and finds nothing to do after that', async () => {
    const old = await Promise.all(Array.from({ length: 30 }, async () => (await storeOld()).item));
    await put({ pk: 'upload#acme#upl_A', sk: 'upload', files: [], schemaVersion: ITEM_SCHEMA_VERSION });
    const told: number[] = [];
    const figures = await migrateTable(aws.table, { apply: true, progressed: ({ read }) => told.push(read) });
    expect(figures).toEqual({ read: 31, current: 1, migrated: 30, lostRaces: 0 });
    expect(told.at(-1)).toBe(31);
    const after = await everything();
    expect(after).toHaveLength(31);
    for (const item of old) expect(after).toContainEqual({ ...item, schemaVersion: ITEM_SCHEMA_VERSION });
    expect(await migrateTable(aws.table, { apply: true })).toEqual({ read: 31, current: 31, migrated: 0, lostRaces: 0 });
    expect(await everything()).toEqual(after);
  });

  it('gives way to whoever writes between its read and its write, and loses nothing of theirs', async () => {
    const { experiment } = await storeOld();
    const store = experimentStore(aws.table);
    let writes = 0;
    const send = aws.table.client.send.bind(aws.table.client);
    const client = Object.assign(Object.create(aws.table.client), {
      send: async (command: unknown) => {
        // Twice, somebody is faster.
        if (command instanceof UpdateCommand && writes++ < 2)
          await store.change(experiment.id, () => ({ patch: { executionArn: `arn:${writes}` } }));
        return send(command as never);
      },
    });
    expect(await migrateTable({ ...aws.table, client }, { apply: true })).toMatchObject({ migrated: 1, lostRaces: 2 });
    expect(await everything()).toMatchObject([{ revision: 3, executionArn: 'arn:2', schemaVersion: ITEM_SCHEMA_VERSION }]);
    expect(await store.get(experiment.id)).toMatchObject({ revision: 3 });
  });

  it('lets everybody win where all of them write at once', async () => {
    const { experiment } = await storeOld();
    const store = experimentStore(aws.table);
    const writers = ['a', 'b', 'c'].map((arn) => store.change(experiment.id, () => ({ patch: { executionArn: arn } })));
    await Promise.all([...writers, migrateTable(aws.table, { apply: true }), migrateTable(aws.table, { apply: true })]);
    expect(await everything()).toMatchObject([{ revision: 4, schemaVersion: ITEM_SCHEMA_VERSION }]);
  });

  it('renames and removes what a step says, and nothing else', async () => {
    const { item } = await storeOld();
    const rename = {
      to: ITEM_SCHEMA_VERSION + 1,
      what: 'a name is called title',
      change: ({ name, ...rest }: Item) => ({ ...rest, title: name }),
    };
    await migrateTable(aws.table, { apply: true, migrations: [...MIGRATIONS, rename] });
    const { name, ...rest } = item;
    expect(await everything()).toEqual([{ ...rest, title: name, schemaVersion: rename.to }]);
  });

  it('stops at an item that newer code wrote', async () => {
    await put({ pk: 'experiment#exp_A', sk: 'experiment', schemaVersion: ITEM_SCHEMA_VERSION + 1 });
    await expect(migrateTable(aws.table, { apply: true })).rejects.toThrow(/Deploy the version of Spotforge that wrote it/);
  });
});
