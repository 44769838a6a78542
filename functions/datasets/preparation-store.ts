import { createWriteTransaction } from 'electrodb';
import { ConcurrentChange, DatasetVersionNotFound } from '../shared/errors.ts';
import { type DatasetVersionItem, datasetContentEntity, datasetVersionEntity } from '../shared/table/dataset-version.ts';
import { type IdempotencyKeyItem, idempotencyKeyEntity } from '../shared/table/idempotency-key.ts';
import type { Table } from '../shared/table/table.ts';
import { lostRace } from '../shared/table/transaction.ts';
import type { PreparationEnd } from './preparation-outcome.ts';

export type PreparationStore = ReturnType<typeof preparationStore>;
type Key = Pick<IdempotencyKeyItem, 'tenant' | 'route' | 'key'>;
type Preparation = Pick<DatasetVersionItem, 'tenant' | 'dataset' | 'id'>;

/** Writes preparations: each is begun once, with the key under which it was asked for, and ended once. */
export const preparationStore = (table: Table) => {
  const versions = datasetVersionEntity(table);
  const contents = datasetContentEntity(table);
  const keys = idempotencyKeyEntity(table);

  const findKey = async (key: Key): Promise<IdempotencyKeyItem | undefined> =>
    (await keys.get(key).go({ consistent: true })).data ?? undefined;

  /**
   * @returns the key's item when somebody else stored it first; undefined when everything was stored
   * @throws ConcurrentChange when the very same request is being stored right now
   */
  const begin = async (
    item: DatasetVersionItem,
    key: IdempotencyKeyItem | undefined,
  ): Promise<IdempotencyKeyItem | undefined> => {
    const result = await createWriteTransaction({ versions, keys }, ({ versions, keys }) => [
      versions.create(item).commit(),
      ...(key === undefined ? [] : [keys.create(key).commit()]),
    ]).go();
    if (!lostRace(result)) return undefined;
    const first = key && (await findKey(key));
    if (!first) throw new ConcurrentChange(item.id);
    return first;
  };

  const read = async (of: Preparation): Promise<DatasetVersionItem> => {
    const { data } = await versions.get(of).go({ consistent: true });
    if (!data) throw new DatasetVersionNotFound();
    return data;
  };

  /**
   * Ends a preparation, and lets its content be found if it is the first with it. May be repeated: what was recorded first stays.
   * @returns what is stored
   * @throws ConcurrentChange when another preparation of the same content is being ended right now
   */
  const end = async (of: Preparation, end: PreparationEnd, updatedAt: string): Promise<DatasetVersionItem> => {
    const { tenant, dataset, id } = of;
    const before = await read(of);
    if (before.status !== 'preparing') return before;
    const version = end.version;
    const known = version && (await contents.get({ tenant, dataset, version }).go({ consistent: true })).data;
    const result = await createWriteTransaction({ versions, contents }, ({ versions, contents }) => [
      versions
        .patch({ tenant, dataset, id })
        .set({ ...end, updatedAt })
        .where(({ status }, { eq }) => eq(status, 'preparing'))
        .commit(),
      ...(version === undefined || known ? [] : [contents.create({ tenant, dataset, version, id }).commit()]),
    ]).go();
    const after = await read(of);
    if (lostRace(result) && after.status === 'preparing') throw new ConcurrentChange(id);
    return after;
  };

  return { findKey, begin, end };
};
