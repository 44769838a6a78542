import { beforeAll, describe, expect, inject, it } from 'vitest';
import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Api } from '../../local/client/api.ts';
import type { Experiment } from '../../local/client/api-types.ts';
import { anExperiment, ended, refusalOf, until } from './an-experiment.ts';
import { putDocument } from './put-document.ts';
import { apiOf } from './users.ts';

const tier = inject('tier');
const fixtures = inject('fixtures');
const operator = inject('operator');

const attemptsOf = ({ attempts }: Experiment, run: number): Stage[] =>
  attempts.filter((attempt) => attempt.run === run).map(({ stage }) => stage);

/** Trains long enough to be cancelled in the middle, with a checkpoint every second. */
const LONG = { epochs: 30, checkpointEverySeconds: 1 };

describe('a resume', () => {
  let api: Api;
  beforeAll(async () => {
    api = await apiOf(tier, 'acme');
  });

  const submitted = async (name: string, train: Record<string, unknown> = {}): Promise<string> =>
    (await api.createExperiment(await anExperiment(api, fixtures.tiny, { name, train }))).id;

  const cancelled = async (id: string): Promise<Experiment> => {
    const { status, body } = await api.cancel(id);
    expect([status, body.status]).toEqual([202, 'cancelling']);
    const experiment = await ended(api, id);
    expect(experiment.status).toBe('cancelled');
    return experiment;
  };

  const hasCheckpoint = async (id: string): Promise<boolean> =>
    (await api.artifacts(id)).some(({ kind, name }) => kind === 'checkpoint' && name.endsWith('/COMMITTED'));

  it.concurrent('goes on where training was cancelled, without repeating what was done before it', async () => {
    const id = await submitted('cancelled-in-train', LONG);
    await until(api, id, ({ attempts }) => attempts.some(({ stage, status }) => stage === 'train' && status === 'RUNNING'));
    while (!(await hasCheckpoint(id))) expect((await api.experiment(id)).status).toBe('running');
    const before = await cancelled(id);
    expect(attemptsOf(before, 1)).toEqual(['ingest', 'prepare', 'train']);

    const key = `resume-${id}`;
    const { status, headers, body } = await api.resume(id, key);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/experiments/${id}`);
    expect(body).toMatchObject({ status: 'queued', run: 2, stage: null, progress: null, failure: null, waiting: null });
    expect(body.stages).toEqual(before.stages);
    const again = await api.resume(id, key);
    expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([202, 'true', body]);
    expect((await refusalOf(api.resume(id))).status).toBe(409);

    const experiment = await ended(api, id);
    expect(experiment.failure).toBeNull();
    expect(experiment).toMatchObject({ status: 'succeeded', run: 2 });
    expect(attemptsOf(experiment, 2)).toEqual(STAGES.slice(STAGES.indexOf('train')));
    expect(experiment.stages.train?.resumedFromStep).toBeGreaterThan(0);
    expect(experiment.stages.ingest).toEqual(before.stages.ingest);
    expect(experiment.bundle?.uri).toBe(experiment.stages.bundle?.bundleUri);
    const lines = (await api.events(id)).items.filter(({ type }) => type === 'experiment.queued').map(({ message }) => message);
    expect(lines).toEqual(['The experiment was accepted.', 'Resumed as run 2. It starts with train. Kept: ingest, prepare.']);
    expect(await refusalOf(api.resume(id))).toMatchObject({
      ...{ status: 409, type: 'urn:spotforge:problem:experiment-not-resumable' },
      detail: expect.stringContaining('succeeded'),
    });
  });

  it.concurrent('is refused while the experiment runs or is being cancelled, and to strangers always', async () => {
    const id = await submitted('not-yet', LONG);
    const globex = await apiOf(tier, 'globex');
    expect((await refusalOf(globex.resume(id))).status).toBe(404);
    await until(api, id, ({ status }) => status === 'running');
    expect(await refusalOf(api.resume(id))).toMatchObject({ status: 409, detail: expect.stringContaining('it is running') });
    await cancelled(id);
    expect((await refusalOf(globex.resume(id))).status).toBe(404);
  });

  it.concurrent('fails again with the reason, as its dataset of one class makes it fail, and may be tried once more', async () => {
    const spec = await anExperiment(api, fixtures.oneClass, { name: 'one-class-again' });
    const { id } = await api.createExperiment(spec);
    const first = await ended(api, id);
    expect(first.failure).toMatchObject({ error: 'Stage.InvalidInput', stage: 'prepare' });
    expect(first.failure?.message).toMatch(/nothing to learn/);
    const { body } = await api.resume(id);
    expect(body).toMatchObject({ status: 'queued', run: 2, failure: null });
    const experiment = await ended(api, id);
    expect(experiment).toMatchObject({ status: 'failed', run: 2, failure: { error: 'Stage.InvalidInput', stage: 'prepare' } });
    expect([attemptsOf(experiment, 1), attemptsOf(experiment, 2)]).toEqual([['ingest', 'prepare'], ['prepare']]);
  });

  it.concurrent('names what is no longer as it was at submit, and goes on once it is again', async () => {
    const id = await submitted('another-spec');
    await until(api, id, ({ stages }) => stages.ingest !== undefined);
    const { spec } = await cancelled(id);
    const uri = (await api.artifacts(id)).find(({ kind }) => kind === 'spec')?.uri ?? '';
    await putDocument(operator, uri, { ...spec, train: { ...spec.train, epochs: spec.train.epochs + 1 } });
    expect(await refusalOf(api.resume(id))).toMatchObject({
      ...{ status: 409, type: 'urn:spotforge:problem:pins-changed' },
      errors: [{ field: 'spec.json#train.epochs', expected: String(spec.train.epochs), found: String(spec.train.epochs + 1) }],
    });
    expect((await api.experiment(id)).status).toBe('cancelled');
    await putDocument(operator, uri, spec);
    expect((await api.resume(id)).status).toBe(202);
    await until(api, id, ({ attempts }) => attempts.some(({ run, stage }) => run === 2 && stage === 'prepare'));
    await cancelled(id);
  });
});
