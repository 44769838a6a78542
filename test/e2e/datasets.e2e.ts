import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, inject, it } from 'vitest';
import type { DatasetVersionView } from '../../functions/shared/contracts/dataset-view.ts';
import type { Api } from '../../local/client/api.ts';
import { uploadFiles } from '../../local/client/upload-files.ts';
import { clientOptions } from '../../local/drill/fault-operator.ts';
import { refusalOf } from './an-experiment.ts';
import { apiOf } from './users.ts';

const tier = inject('tier');
const machine = String(inject('outputs').DatasetStateMachineArn);
const { tiny } = inject('fixtures');

const post = async <T>(api: Api, path: string, body: object) => await api.call<T>(path, { method: 'POST', body });
const prepared = async (api: Api, path: string): Promise<DatasetVersionView> => {
  for (;;) {
    const { body } = await api.call<DatasetVersionView>(path);
    if (body.status !== 'preparing') return body;
    await sleep(1000);
  }
};

describe('a dataset', () => {
  it('has a version that ends failed, and says why, when its execution is stopped in the console', async () => {
    const api = await apiOf(tier, 'acme');
    await post(api, '/v1/datasets', { name: 'stopped', columns: { group: tiny.group }, labels: { values: tiny.values } });
    const { uri: source } = await uploadFiles(api, tiny.file);
    const { body } = await post<DatasetVersionView>(api, '/v1/datasets/stopped/versions', { source });
    const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${body.id}`;
    await new SFNClient(clientOptions(inject('operator'))).send(new StopExecutionCommand({ executionArn }));
    const { status, problem } = await prepared(api, `/v1/datasets/stopped/versions/${body.id}`);
    expect([status, problem?.message]).toEqual(['failed', expect.stringContaining('its execution ended ABORTED')]);
  });

  it('becomes a version that is found again by its content, and that an experiment can name', async () => {
    const api = await apiOf(tier, 'acme');
    const columns = { group: tiny.group };
    const split = { validation: 0.1, test: 0.31, seed: 7 };
    const declared = { name: 'made-up', columns, labels: { values: tiny.values }, split };
    expect((await post(api, '/v1/datasets', declared)).status).toBe(201);
    expect((await post(api, '/v1/datasets', declared)).status).toBe(200);

    const upload = await uploadFiles(api, tiny.file);
    const asked = await post<DatasetVersionView>(api, '/v1/datasets/made-up/versions', { source: upload.uri });
    expect(asked).toMatchObject({ status: 202, body: { status: 'preparing' } });
    const version = await prepared(api, `/v1/datasets/made-up/versions/${asked.body.id}`);
    expect(version.problem).toBeNull();
    expect(version).toMatchObject({ status: 'ready', report: { rowsRead: 2000 } });
    expect(version.report?.splits.map(({ split }) => split)).toEqual(['train', 'validation', 'test', 'calibration']);
    const again = await post<DatasetVersionView>(api, '/v1/datasets/made-up/versions', { source: upload.uri });
    expect(again).toMatchObject({ status: 200, body: { id: version.id, version: version.version } });

    const other = await apiOf(tier, 'globex');
    expect(await refusalOf(other.call(`/v1/datasets/made-up/versions/${version.version}`))).toMatchObject({ status: 404 });

    const base = await uploadFiles(api, tiny.baseModel);
    const experiment = { name: 'on-a-version', model: { name: 'small', base: base.uri } };
    const unknown = { ...experiment, dataset: { name: 'made-up', version: '0'.repeat(16) } };
    expect(await refusalOf(api.createExperiment(unknown))).toMatchObject({ status: 422 });
    const { id, spec } = await api.createExperiment({ ...experiment, dataset: { name: 'made-up', version: version.version } });
    expect(spec.dataset).toMatchObject({ version: version.version, sha256: version.report?.rawSha256, split });
    for (;;) {
      const { stages, failure } = await api.experiment(id);
      expect(failure).toBeNull();
      if (stages.ingest) {
        expect(stages.ingest).toMatchObject({ datasetVersion: version.version, datasetUri: version.report?.rawUri });
        break;
      }
      await sleep(1000);
    }
    await api.cancel(id);
  });
});
