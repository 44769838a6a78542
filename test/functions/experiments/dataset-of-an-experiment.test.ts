import { beforeAll, describe, expect, it } from 'vitest';
import { datasetStore } from '../../../functions/datasets/dataset-store.ts';
import type { PreparationEnd } from '../../../functions/datasets/preparation-outcome.ts';
import { preparationStore } from '../../../functions/datasets/preparation-store.ts';
import { admissionProblems } from '../../../functions/experiments/admission.ts';
import { findDataset } from '../../../functions/experiments/dataset-source.ts';
import { experimentRequest } from '../../../functions/shared/contracts/experiment-spec.ts';
import { parseFields } from '../../../functions/shared/request.ts';
import { aSubmission } from '../a-submission.ts';
import { aPreparationId, SCHEMA } from '../datasets/a-dataset.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

const RAW_SHA256 = 'e'.repeat(64);
const VERSION = RAW_SHA256.slice(0, 16);
const RAW_URI = `s3://datasets-bucket/raw/acme/ratings/${VERSION}/`;

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
  await datasetStore(aws.table).declare({
    tenant: 'acme',
    name: 'ratings',
    schema: SCHEMA,
    createdAt: '2026-11-22T06:00:00.000Z',
  });
});

/** A version of the dataset `ratings` that has ended, or not. */
const aVersion = async (end?: PreparationEnd) => {
  const at = '2026-11-22T06:10:00.000Z';
  const of = { tenant: 'acme', dataset: 'ratings', id: aPreparationId() };
  const store = preparationStore(aws.table);
  await store.begin({ ...of, source: 's3://open-data/ratings/', createdAt: at, updatedAt: at, status: 'preparing' }, undefined);
  if (end) await store.end(of, end, at);
  return of.id;
};
const READY: PreparationEnd = { status: 'ready', version: VERSION, rawUri: RAW_URI, rawSha256: RAW_SHA256 };
const naming = (version: string, changes = {}) => {
  const { dataset: _, ...submission } = aSubmission(changes);
  return parseFields(experimentRequest, { ...submission, dataset: { name: 'ratings', version } });
};
const found = (request: ReturnType<typeof naming>, tenant = 'acme') => findDataset(request, tenant, datasetStore(aws.table));

describe('an experiment that names a version of a dataset', () => {
  it('reads what is stored of it, pinned by its hash, with the columns, labels and split of the dataset', async () => {
    const id = await aVersion(READY);
    const { columns, labels, split } = SCHEMA;
    const dataset = { name: 'ratings', version: VERSION, source: RAW_URI, sha256: RAW_SHA256, columns, labels, split };
    expect(await found(naming(VERSION))).toEqual({ dataset });
    expect(await found(naming(id))).toEqual({ dataset });
  });

  it('is refused where that version is not ready, with its status and the reason', async () => {
    const problem = { message: '7 % of the rows cannot be used.', where: null, remedy: null };
    const preparing = await aVersion();
    const refused = await aVersion({ status: 'refused', problem });
    const problems = async (version: string) => await found(naming(version));
    const field = 'dataset.version';
    expect(await problems(preparing)).toEqual({
      problems: [{ field, expected: `a version that is ready; ${preparing} is preparing` }],
    });
    expect(await problems(refused)).toEqual({
      problems: [{ field, expected: `a version that is ready; ${refused} is refused: ${problem.message}` }],
    });
    expect(await problems('0'.repeat(16))).toMatchObject({ problems: [{ field }] });
  });

  it("is refused where the dataset is another tenant's, or of another task", async () => {
    await aVersion(READY);
    expect(await found(naming(VERSION), 'globex')).toMatchObject({ problems: [{ field: 'dataset.name' }] });
    expect(await found(naming(VERSION, { task: 'image-ordinal' }))).toMatchObject({ problems: [{ field: 'task' }] });
  });
});

describe('the dataset of a request', () => {
  const parse = (dataset: object) => {
    const { dataset: _, ...submission } = aSubmission();
    return parseFields(experimentRequest, { ...submission, dataset: { name: 'ratings', ...dataset } }).dataset;
  };
  const labels = { values: [0, 1] };

  it('is a version, or a source with labels and what has a default', () => {
    expect(parse({ version: VERSION })).toEqual({ name: 'ratings', version: VERSION });
    const { columns, split } = SCHEMA;
    expect(parse({ source: 's3://open-data/ratings/', labels })).toEqual({
      name: 'ratings',
      source: 's3://open-data/ratings/',
      labels,
      columns,
      split,
    });
  });

  it.each([
    ['neither', {}, ['dataset.source']],
    ['both', { version: VERSION, source: 's3://open-data/ratings/', labels }, ['dataset.source', 'dataset.labels']],
    ['a version with columns', { version: VERSION, columns: {} }, ['dataset.columns']],
    ['a source without labels', { source: 's3://open-data/ratings/' }, ['dataset.labels']],
    ['something else', { version: VERSION, rows: 3 }, ['dataset.rows']],
  ])('refuses %s and names the field', (_name, dataset, fields) => {
    const fieldsOf = () => {
      try {
        return parse(dataset);
      } catch (error) {
        return (error as { errors: { field: string }[] }).errors.map(({ field }) => field);
      }
    };
    expect(fieldsOf()).toEqual(fields);
  });
});

describe('what is refused at submit', () => {
  const rules = {
    profiles: ['default', 'on-demand'],
    allowedSources: ['s3://open-data/', 's3://open-models/'],
    precisionLimits: { default: { bfloat16: 'rung 1 (gpu-spot, g4dn)' }, 'on-demand': {} },
  };
  const problems = async (changes: Parameters<typeof aSubmission>[0]) => {
    const request = parseFields(experimentRequest, aSubmission(changes));
    const asked = await found(request);
    if ('problems' in asked) throw new Error('expected a dataset');
    return admissionProblems({ ...request, dataset: asked.dataset }, new Map(), rules);
  };

  it('is a precision that a rung of the profile does not have', async () => {
    expect(await problems({ train: { precision: 'bfloat16' } })).toEqual([
      {
        field: 'train.precision',
        expected: 'a precision that every rung of the profile default has; rung 1 (gpu-spot, g4dn) has no bfloat16',
      },
    ]);
    expect(await problems({ train: { precision: 'float16' } })).toEqual([]);
    expect(await problems({ train: { precision: 'bfloat16' }, compute: { profile: 'on-demand' } })).toEqual([]);
  });

  it('is a column of the other task', async () => {
    expect(await problems({ dataset: { columns: { image: 'file' } } })).toMatchObject([{ field: 'dataset.columns.image' }]);
  });
});
