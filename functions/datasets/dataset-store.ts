import { datasetVersionId, name, preparationId } from '../shared/contracts/primitives.ts';
import { DatasetNotFound, DatasetVersionNotFound } from '../shared/errors.ts';
import { type DatasetItem, datasetEntity } from '../shared/table/dataset.ts';
import { type DatasetVersionItem, datasetContentEntity, datasetVersionEntity } from '../shared/table/dataset-version.ts';
import type { Table } from '../shared/table/table.ts';

export type DatasetStore = ReturnType<typeof datasetStore>;
type Which = { tenant: string; dataset: string };

/** Sorts after every id. */
const LAST = '~';

/** A tenant's datasets and their versions. Another tenant's are as absent as those that never were: the tenant is part of every key. */
export const datasetStore = (table: Table) => {
  const datasets = datasetEntity(table);
  const versions = datasetVersionEntity(table);
  const contents = datasetContentEntity(table);
  const consistent = { consistent: true } as const;

  /** Stores a new dataset. Answers the one that is there under this name, if any. */
  const declare = async (dataset: DatasetItem): Promise<DatasetItem | undefined> => {
    const { rejected } = await datasets.create(dataset).go({ returnOnConditionCheckFailure: 'all_old' });
    return rejected ? await get(dataset.tenant, dataset.name) : undefined;
  };

  /** @throws DatasetNotFound for a malformed, a missing and a foreign name alike */
  const get = async (tenant: string, called: string | undefined): Promise<DatasetItem> => {
    const known = name.safeParse(called);
    const found = known.success ? (await datasets.get({ tenant, name: known.data }).go(consistent)).data : null;
    if (!found) throw new DatasetNotFound();
    return found;
  };

  /** By name, `limit` at most, those after `after`. */
  const list = async (
    tenant: string,
    { after, limit }: { after?: string | undefined; limit: number },
  ): Promise<DatasetItem[]> => {
    const query = datasets.query.ofTenant({ tenant });
    return (await (after === undefined ? query : query.gt({ name: after })).go({ limit, count: limit })).data;
  };

  const byId = async ({ tenant, dataset }: Which, id: string): Promise<DatasetVersionItem | undefined> =>
    (await versions.get({ tenant, dataset, id }).go(consistent)).data ?? undefined;

  /** The version that was first made of a content; undefined when there is none. */
  const withContent = async (of: Which, version: string): Promise<DatasetVersionItem | undefined> => {
    const { data } = await contents.get({ ...of, version }).go(consistent);
    return data ? await byId(of, data.id) : undefined;
  };

  /** By the 16 characters that say what is in it, or by the id of its preparation. */
  const findVersion = async (of: Which, reference: string | undefined): Promise<DatasetVersionItem | undefined> => {
    const content = datasetVersionId.safeParse(reference);
    if (content.success) return await withContent(of, content.data);
    const id = preparationId.safeParse(reference);
    return id.success ? await byId(of, id.data) : undefined;
  };

  /** @throws DatasetVersionNotFound */
  const getVersion = async (of: Which, reference: string | undefined): Promise<DatasetVersionItem> => {
    const found = await findVersion(of, reference);
    if (!found) throw new DatasetVersionNotFound();
    return found;
  };

  /** Newest first, `limit` at most, those older than `before`. */
  const listVersions = async (
    of: Which,
    { before, limit }: { before?: string | undefined; limit: number },
  ): Promise<DatasetVersionItem[]> =>
    (
      await versions.query
        .ofDataset(of)
        .lt({ id: before ?? LAST })
        .go({ order: 'desc', limit, count: limit, ...consistent })
    ).data;

  return { declare, get, list, findVersion, getVersion, withContent, listVersions };
};
