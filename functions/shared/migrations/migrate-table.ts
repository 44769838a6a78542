import { GetCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../table/table.ts';
import { migrateItem } from './migrate-item.ts';
import { type Item, MIGRATIONS, type Migration } from './migrations.ts';
import { writeIfUnchanged } from './write-if-unchanged.ts';

/** Writers win; an item that is written ten times while one update is under way belongs to a run that will soon be over. */
const TRIES = 10;
/** A page of the table holds hundreds of items: so many updates at a time keep the table's on-demand capacity from throttling. */
const AT_A_TIME = 10;

export type MigrationFigures = {
  read: number;
  /** Had the newest layout already. */
  current: number;
  /** Written, or without `apply`: would be. */
  migrated: number;
  /** Updates that somebody else's write came before; each was read and decided again. */
  lostRaces: number;
};

type Options = {
  /** Without it nothing is written. */
  apply: boolean;
  migrations?: readonly Migration[];
  /** Told after every page of the table. */
  progressed?: (figures: MigrationFigures) => void;
};

/**
 * Brings every item of a table to the newest layout, beside whatever writes there. What is done is in the items: cut off anywhere and
 * started again, it goes on with those that are left.
 * @throws ItemTooNew at the first item that newer code wrote
 */
export const migrateTable = async (
  table: Table,
  { apply, migrations = MIGRATIONS, progressed = () => {} }: Options,
): Promise<MigrationFigures> => {
  const figures: MigrationFigures = { read: 0, current: 0, migrated: 0, lostRaces: 0 };

  const readAgain = async ({ pk, sk }: Item): Promise<Item | undefined> =>
    (await table.client.send(new GetCommand({ TableName: table.table, Key: { pk, sk }, ConsistentRead: true }))).Item;

  const migrate = async (read: Item): Promise<void> => {
    let before: Item | undefined = read;
    for (let tries = 1; before; tries++) {
      const after = migrateItem(before, migrations);
      if (after === before) {
        figures.current += 1;
        return;
      }
      if (!apply || (await writeIfUnchanged(table, before, after))) {
        figures.migrated += 1;
        return;
      }
      figures.lostRaces += 1;
      if (tries === TRIES)
        throw new Error(`${String(read.pk)} ${String(read.sk)} is being written all the time. Try again later.`);
      before = await readAgain(before);
    }
  };

  const pages = paginateScan({ client: table.client }, { TableName: table.table, ConsistentRead: true });
  for await (const { Items = [] } of pages) {
    figures.read += Items.length;
    const left = [...Items];
    await Promise.all(
      Array.from({ length: AT_A_TIME }, async () => {
        for (let item = left.shift(); item; item = left.shift()) await migrate(item);
      }),
    );
    progressed(figures);
  }
  return figures;
};
