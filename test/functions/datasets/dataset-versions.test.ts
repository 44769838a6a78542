import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDatasetVersion } from '../../../functions/datasets/create-dataset-version.ts';
import { datasetStore } from '../../../functions/datasets/dataset-store.ts';
import { getDatasetVersion } from '../../../functions/datasets/get-dataset-version.ts';
import { listDatasetVersions } from '../../../functions/datasets/list-dataset-versions.ts';
import { preparationDocuments } from '../../../functions/datasets/preparation-documents.ts';
import { preparationStore } from '../../../functions/datasets/preparation-store.ts';
import { preparations } from '../../../functions/datasets/preparations.ts';
import { recordPreparation } from '../../../functions/datasets/record-preparation.ts';
import { type PreparationEvent, trackPreparation } from '../../../functions/datasets/track-preparation.ts';
import { uploadStore } from '../../../functions/datasets/upload-store.ts';
import { versionViewer } from '../../../functions/datasets/version-viewer.ts';
import { type DatasetReport, datasetPreparationRequest } from '../../../functions/shared/contracts/dataset-preparation.ts';
import { datasetVersionPage, datasetVersionView } from '../../../functions/shared/contracts/dataset-view.ts';
import { keys } from '../../../functions/shared/contracts/names.ts';
import { shareIdentifier } from '../../../functions/shared/share-identifier.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { type LocalAws, localAws } from '../local-aws.ts';
import { anEvent } from '../stages/an-observer.ts';
import { aPreparationId, aRefusal, aReport, SCHEMA } from './a-dataset.ts';

const ROUTE = '/v1/datasets/{name}/versions';
const JOB = { jobId: 'job-1', status: 'SUCCEEDED', reason: null, exitCode: 0 };
const SOURCE = { source: 's3://open-data/ratings/' };

let aws: LocalAws;
let stateMachine: string;
beforeAll(async () => {
  aws = await localAws();
  stateMachine = await aws.aStateMachine();
});

const services = () => {
  const clock = { now: () => new Date('2026-11-22T07:00:00Z') };
  const documents = preparationDocuments(aws.s3, aws.buckets.datasets);
  return {
    datasets: datasetStore(aws.table),
    store: preparationStore(aws.table),
    documents,
    machine: preparations(aws.stepFunctions, stateMachine),
    uploads: uploadStore(aws.table, aws.s3, aws.buckets.datasets),
    view: versionViewer(documents, clock),
    allowedSources: ['s3://open-data/'],
    claims: CLAIMS,
    clock,
    newId: aPreparationId,
  };
};
/** A dataset of the test's own. */
const aDataset = async (name: string, tenant = 'acme') => {
  await datasetStore(aws.table).declare({ tenant, name, schema: SCHEMA, createdAt: '2026-11-22T06:00:00.000Z' });
  return name;
};
type Options = { tenant?: string; key?: string; with?: Partial<ReturnType<typeof services>> };
const create = async (name: string, body: object, { tenant = 'acme', key, with: changed = {} }: Options = {}) => {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const event = aRequest({ route: `POST ${ROUTE}`, tenant, path: { name }, body, headers });
  const answer = await createDatasetVersion(event, { ...services(), ...changed });
  const view = typeof answer.body === 'string' ? JSON.parse(answer.body) : answer.body;
  return { ...answer, view: datasetVersionView.parse(view) };
};
const get = async (name: string, version: string, tenant = 'acme') => {
  const event = aRequest({ route: `GET ${ROUTE}/{version}`, tenant, path: { name, version } });
  return datasetVersionView.parse((await getDatasetVersion(event, services())).body);
};
const list = async (name: string, query = {}) => {
  const event = aRequest({ route: `GET ${ROUTE}`, path: { name }, query });
  return datasetVersionPage.parse((await listDatasetVersions(event, services())).body);
};
const put = (Key: string, Body: string) => aws.s3.send(new PutObjectCommand({ Bucket: aws.buckets.datasets, Key, Body }));
/** The job leaves a report, and the state machine records it. */
const end = async (dataset: string, preparationId: string, report?: object, job: object = JOB) => {
  if (report) await put(keys.datasetPreparation('acme', preparationId, 'report'), JSON.stringify(report));
  return await recordPreparation({ tenant: 'acme', dataset, preparationId, job }, services());
};
const anUpload = async (id: string, paths: readonly string[], sha256: string) => {
  const files = paths.map((path) => ({ path, bytes: path.length, sha256 }));
  await services().uploads.declare({ tenant: 'acme', id, files, sha256, createdAt: '2026-11-22T06:00:00.000Z' });
  for (const path of paths) await put(`${keys.upload('acme', id)}${path}`, path);
  return { source: `upload:${id}` };
};

describe('POST /v1/datasets/{name}/versions', () => {
  it('writes down what the job is to do, starts the state machine and answers 202 with where the version is', async () => {
    const dataset = await aDataset('ratings');
    const { status, headers, view } = await create(dataset, { ...SOURCE, sha256: 'c'.repeat(64) });
    expect(status).toBe(202);
    expect(headers).toEqual({ location: `/v1/datasets/ratings/versions/${view.id}` });
    expect(view).toMatchObject({ status: 'preparing', version: null, report: null, rejectedRows: null, problem: null });
    expect(await get(dataset, view.id)).toEqual(view);

    const Key = keys.datasetPreparation('acme', view.id, 'request');
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: aws.buckets.datasets, Key }));
    expect(datasetPreparationRequest.parse(JSON.parse((await Body?.transformToString()) ?? ''))).toEqual({
      schemaVersion: 1,
      preparationId: view.id,
      tenant: 'acme',
      dataset,
      createdAt: view.createdAt,
      ...SOURCE,
      sha256: 'c'.repeat(64),
      schema: SCHEMA,
    });
    const executionArn = `${stateMachine.replace(':stateMachine:', ':execution:')}:${view.id}`;
    const { input } = await aws.stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    expect(JSON.parse(input ?? '')).toEqual({
      tenant: 'acme',
      dataset,
      preparationId: view.id,
      shareIdentifier: shareIdentifier('acme'),
      request: `s3://${aws.buckets.datasets}/${Key}`,
    });
  });

  it('answers a repetition with the first answer, and refuses another body under the same key', async () => {
    const dataset = await aDataset('repeated');
    const first = await create(dataset, SOURCE, { key: 'once' });
    const again = await create(dataset, SOURCE, { key: 'once' });
    expect(again.view).toEqual(first.view);
    expect(again.headers).toMatchObject({ 'idempotency-replayed': 'true', location: first.headers?.location });
    const other = create(dataset, { source: 's3://open-data/other/' }, { key: 'once' });
    await expect(other).rejects.toMatchObject({ name: 'IdempotencyKeyReused' });
    await aDataset('repeated-elsewhere');
    await expect(create('repeated-elsewhere', SOURCE, { key: 'once' })).rejects.toMatchObject({ name: 'IdempotencyKeyReused' });
  });

  it('answers with one preparation when the same request comes twice at once', async () => {
    const dataset = await aDataset('at-once');
    const answers = await Promise.all([1, 2, 3].map(() => create(dataset, SOURCE, { key: 'at-once' })));
    expect(new Set(answers.map(({ view }) => view.id)).size).toBe(1);
    expect((await list(dataset)).items).toHaveLength(1);
  });

  it('answers the version that is there when the content is known before anything is read', async () => {
    const dataset = await aDataset('known');
    const rawSha256 = 'd'.repeat(64);
    const upload = await anUpload('upl_01arz3ndektsv4rrffq69g5fav', ['ratings.csv'], rawSha256);
    const { view } = await create(dataset, upload);
    await end(dataset, view.id, aReport({ preparationId: view.id, dataset, rawSha256, version: rawSha256.slice(0, 16) }));

    const again = await create(dataset, upload);
    expect(again).toMatchObject({ status: 200, view: { id: view.id, status: 'ready', version: rawSha256.slice(0, 16) } });
    expect((await list(dataset)).items).toHaveLength(1);
  });

  it('says that a preparation failed when it could not be started', async () => {
    const dataset = await aDataset('unstarted');
    const machine = { start: () => Promise.reject(new Error('no state machine')) };
    await expect(create(dataset, SOURCE, { with: { machine } })).rejects.toThrow('no state machine');
    expect((await list(dataset)).items).toMatchObject([
      { status: 'failed', problem: { message: 'Its preparation could not be started.' } },
    ]);
  });

  it.each([
    [{}, 'source'],
    [{ source: 's3://elsewhere/ratings/' }, 'source'],
    [{ source: 'upload:upl_01arz3ndektsv4rrffq69g5fax' }, 'source'],
    [{ ...SOURCE, columns: { text: 'review' } }, 'columns'],
    [{ ...SOURCE, sha256: 'ABC' }, 'sha256'],
  ])('refuses %j and names the field', async (body, field) => {
    const dataset = await aDataset('refusing');
    await expect(create(dataset, body)).rejects.toMatchObject({ name: 'InvalidRequest', errors: [{ field }] });
  });

  it("knows no dataset of another tenant's", async () => {
    const dataset = await aDataset('ours');
    await expect(create(dataset, SOURCE, { tenant: 'globex' })).rejects.toMatchObject({ name: 'DatasetNotFound' });
  });
});

describe('a preparation that has ended', () => {
  const begun = async (name: string) => {
    const dataset = await aDataset(name);
    const { view } = await create(dataset, SOURCE);
    return { dataset, id: view.id };
  };

  it('is ready with its report, under its id and under the version that came of it', async () => {
    const { dataset, id } = await begun('ready');
    const report = aReport({ preparationId: id, dataset });
    expect(await end(dataset, id, report)).toEqual({ status: 'ready', version: report.version, because: null });
    const view = await get(dataset, id);
    expect(view).toMatchObject({ status: 'ready', version: report.version, rowsRead: 1002, rowsKept: 1000, report });
    expect(view.rejectedRows?.url).toContain(keys.datasetPreparation('acme', id, 'rejectedRows'));
    expect(view.rejectedRows?.expiresAt).toBe('2026-11-22T07:15:00.000Z');
    // An address is signed for the second in which it is asked for.
    expect(await get(dataset, String(report.version))).toEqual({ ...view, rejectedRows: expect.anything() });
    await aDataset('ready', 'globex');
    for (const version of [id, String(report.version)]) {
      await expect(get(dataset, version, 'globex')).rejects.toMatchObject({ name: 'DatasetVersionNotFound' });
    }
  });

  it('is refused with which rows and why, and no version', async () => {
    const { dataset, id } = await begun('refused');
    const report: DatasetReport = { ...aRefusal(id), dataset };
    expect((await end(dataset, id, report, { ...JOB, status: 'FAILED', exitCode: 64 })).status).toBe('refused');
    expect(await get(dataset, id)).toMatchObject({
      status: 'refused',
      version: null,
      problem: report.refusal,
      report: { rejected: report.rejected },
    });
  });

  it.each([
    ['no report', undefined],
    ['a report that breaks its contract', { status: 'ready' }],
    ["another preparation's report", aReport({ preparationId: aPreparationId(), dataset: 'failing' })],
  ])('failed with %s, and says how its job ended', async (_name, report) => {
    const { dataset, id } = await begun('failing');
    const job = { ...JOB, status: 'FAILED', reason: 'Host EC2 (instance i-1) terminated.', exitCode: null };
    expect((await end(dataset, id, report, job)).status).toBe('failed');
    expect(await get(dataset, id)).toMatchObject({
      status: 'failed',
      problem: {
        message: 'The job that prepares it ended FAILED: Host EC2 (instance i-1) terminated. It left no report.',
        where: 'Batch job job-1',
      },
    });
  });

  it('failed when its execution was stopped, unless its job has left a report', async () => {
    const stopped = ({ dataset, id }: { dataset: string; id: string }) => {
      const input = JSON.stringify({ tenant: 'acme', dataset, preparationId: id, request: 's3://datasets/request.json' });
      const detail = { name: id, status: 'ABORTED', input, cause: 'by hand' };
      return trackPreparation(anEvent('Step Functions Execution Status Change', detail) as PreparationEvent, services());
    };
    const early = await begun('stopped');
    await stopped(early);
    expect(await get('stopped', early.id)).toMatchObject({
      status: 'failed',
      problem: { message: expect.stringContaining('its execution ended ABORTED, by hand. It left no report.') },
    });
    const late = await begun('stopped');
    const report = aReport({ preparationId: late.id, dataset: 'stopped' });
    await put(keys.datasetPreparation('acme', late.id, 'report'), JSON.stringify(report));
    await stopped(late);
    await stopped(late);
    expect((await get('stopped', late.id)).status).toBe('ready');
  });

  it('stays what was recorded first', async () => {
    const { dataset, id } = await begun('twice');
    await end(dataset, id, undefined, { ...JOB, status: 'FAILED', exitCode: 1 });
    expect((await end(dataset, id, aReport({ preparationId: id, dataset }))).status).toBe('failed');
  });

  it('is another name for the first version when its content is the same', async () => {
    const first = await begun('same');
    const second = await begun('same');
    for (const { dataset, id } of [first, second]) {
      expect((await end(dataset, id, aReport({ preparationId: id, dataset }))).status).toBe('ready');
    }
    expect((await get('same', String(aReport({ preparationId: second.id }).version))).id).toBe(first.id);
    expect((await get('same', second.id)).status).toBe('ready');
  });

  it('is listed, newest first, page by page', async () => {
    const ids = [];
    for (const _ of [1, 2, 3]) ids.push((await begun('listed')).id);
    const newestFirst = ids.sort().reverse();
    const page = await list('listed', { limit: '2' });
    expect(page.items.map(({ id }) => id)).toEqual(newestFirst.slice(0, 2));
    expect((await list('listed', { cursor: page.next })).items.map(({ id }) => id)).toEqual(newestFirst.slice(2));
  });

  it('is not there under a version that nobody made', async () => {
    await aDataset('empty');
    for (const version of ['0'.repeat(16), aPreparationId(), 'latest']) {
      await expect(get('empty', version), version).rejects.toMatchObject({ name: 'DatasetVersionNotFound' });
    }
  });
});
