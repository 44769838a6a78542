import { beforeAll, describe, expect, it } from 'vitest';
import { createDataset } from '../../../functions/datasets/create-dataset.ts';
import { datasetStore } from '../../../functions/datasets/dataset-store.ts';
import { getDataset } from '../../../functions/datasets/get-dataset.ts';
import { listDatasets } from '../../../functions/datasets/list-datasets.ts';
import { datasetPage, datasetView } from '../../../functions/shared/contracts/dataset-view.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { type LocalAws, localAws } from '../local-aws.ts';
import { SCHEMA } from './a-dataset.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
const services = () => ({
  datasets: datasetStore(aws.table),
  clock: { now: () => new Date('2026-11-22T07:00:00Z') },
  claims: CLAIMS,
});
const BODY = { name: 'ratings', labels: { values: [-1, 0, 1] } };
const create = (body: object, tenant = 'acme') =>
  createDataset(aRequest({ route: 'POST /v1/datasets', tenant, body }), services());
const get = async (name: string, tenant = 'acme') => {
  const { body } = await getDataset(aRequest({ route: 'GET /v1/datasets/{name}', tenant, path: { name } }), services());
  return datasetView.parse(body);
};
const list = async (tenant: string, query = {}) => {
  const { body } = await listDatasets(aRequest({ route: 'GET /v1/datasets', tenant, query }), services());
  return datasetPage.parse(body);
};

describe('POST /v1/datasets', () => {
  it('stores a schema with its defaults; the same again is the same dataset, another one is refused', async () => {
    const first = await create(BODY);
    expect(first).toMatchObject({ status: 201, headers: { location: '/v1/datasets/ratings' } });
    expect(datasetView.parse(first.body)).toEqual({
      schemaVersion: 1,
      name: 'ratings',
      createdAt: '2026-11-22T07:00:00.000Z',
      schema: SCHEMA,
    });
    const again = await create({ ...BODY, task: 'text-ordinal', split: { test: 0.1 } });
    expect(again).toEqual({ ...first, status: 200 });

    const other = create({ ...BODY, labels: { values: [0, 1] } });
    await expect(other).rejects.toMatchObject({ name: 'DatasetExists', message: expect.stringContaining('cannot be changed') });
    expect((await get('ratings')).schema).toEqual(SCHEMA);
  });

  it.each([
    [{ ...BODY, name: 'Ratings' }, 'name'],
    [{ name: 'ratings' }, 'labels'],
    [{ ...BODY, labels: { values: [1, 0] } }, 'labels.values'],
    [{ ...BODY, columns: { image: 'file' } }, 'columns.image'],
    [{ ...BODY, task: 'image-ordinal', columns: { text: 'text' } }, 'columns.text'],
    [{ ...BODY, split: { validation: 0.5, test: 0.5 } }, 'split'],
    [{ ...BODY, calibrationRows: 501 }, 'calibrationRows'],
    [{ ...BODY, source: 's3://open-data/' }, 'source'],
  ])('refuses %j and names the field', async (body, field) => {
    await expect(create(body)).rejects.toMatchObject({ name: 'InvalidRequest', errors: [{ field }] });
  });
});

describe('GET /v1/datasets', () => {
  it("shows a tenant's own by name, page by page, and says nothing of another's", async () => {
    for (const name of ['third', 'first', 'second']) await create({ ...BODY, name }, 'globex');
    const page = await list('globex', { limit: '2' });
    expect(page.items.map(({ name }) => name)).toEqual(['first', 'second']);
    const rest = await list('globex', { cursor: page.next });
    expect(rest).toMatchObject({ items: [{ name: 'third' }], next: null });

    for (const name of ['first', 'none', 'Not a name']) {
      await expect(get(name, 'initech'), name).rejects.toMatchObject({ name: 'DatasetNotFound' });
    }
  });
});
