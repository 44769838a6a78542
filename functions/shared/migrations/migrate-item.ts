import { ItemTooNew } from '../errors.ts';
import { type Item, MIGRATIONS, type Migration } from './migrations.ts';

const versionOf = ({ schemaVersion }: Item): number => (typeof schemaVersion === 'number' ? schemaVersion : 0);

/**
 * The item in the newest layout; the same object when it has it already.
 * @throws ItemTooNew when the item has a layout that none of the migrations leads to
 */
export const migrateItem = (item: Item, migrations: readonly Migration[] = MIGRATIONS): Item => {
  const newest = migrations.at(-1)?.to ?? 0;
  const version = versionOf(item);
  if (version > newest) throw new ItemTooNew(version, newest);
  return migrations
    .filter(({ to }) => to > version)
    .reduce<Item>((before, { to, change }) => ({ ...change(before), schemaVersion: to }), item);
};
