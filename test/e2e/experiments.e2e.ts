import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { STAGES } from '../../functions/shared/contracts/names.ts';
import type { Api } from '../../local/client/api.ts';
import { downloadBundle } from '../../local/client/download-bundle.ts';
import { overheadSecondsOf } from '../../local/demo/figures.ts';
import { scoreTexts } from '../../local/demo/score-texts.ts';
import { stopExecution } from '../../local/drill/fault-operator.ts';
import { plantInBatch } from '../../local/drill/fault-routes.ts';
import { anExperiment, ended, refusalOf, until } from './an-experiment.ts';
import { apiOf } from './users.ts';

const tier = inject('tier');
const fixtures = inject('fixtures');
const operator = inject('operator');
const unstarted = inject('unstarted');
const started = inject('started');
const stateMachineArn = String(inject('outputs').StateMachineArn);

describe('an experiment', () => {
  let api: Api;

  beforeAll(async () => {
    api = await apiOf(tier, 'acme');
  });

  it.concurrent('goes all eight stages to a bundle that is downloaded, verified and answers', async () => {
    const id = started.real;
    const experiment = await ended(api, id);
    expect(experiment.failure).toBeNull();
    expect(experiment.status).toBe('succeeded');
    expect(Object.keys(experiment.stages)).toEqual([...STAGES]);
    expect(experiment.attempts.map(({ stage, attempt, status }) => `${stage} ${attempt} ${status}`)).toEqual(
      STAGES.map((stage) => `${stage} 1 SUCCEEDED`),
    );
    const { train, parity, benchmark } = experiment.stages;
    expect(train?.mae).toBeLessThan(Number(train?.baselineMae));
    expect(parity).toMatchObject({ mismatches: 0 });
    expect(parity?.rows).toBeGreaterThanOrEqual(500);
    expect(experiment.stages.bundle?.preferred).toBe(benchmark?.preferred);
    expect(overheadSecondsOf(experiment, Date.parse(experiment.createdAt))).toBeGreaterThan(0);

    const folder = mkdtempSync(join(tmpdir(), 'spotforge-bundle-'));
    const bundle = await downloadBundle(api, id, folder);
    expect(experiment.bundle).toEqual({
      uri: experiment.stages.bundle?.bundleUri,
      sha256: bundle.bundleSha256,
      version: bundle.version,
    });
    const { scores } = await scoreTexts(folder, ['wonderful, I love it', 'awful, never again']);
    expect(scores).toHaveLength(2);
    rmSync(folder, { recursive: true });

    const events = await api.events(id);
    expect(events.items.map(({ type }) => type)).toContain('experiment.succeeded');
    const kinds = new Set((await api.artifacts(id)).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['bundle', 'checkpoint', 'document', 'model', 'spec']);
  });

  it.concurrent('goes from a folder of pictures to a bundle with the rules that turn a picture into inputs', async () => {
    const spec = await anExperiment(api, fixtures.pictures, {
      name: 'pictures',
      task: 'image-ordinal',
      dataset: { name: 'pictures', split: { validation: 0.1, test: 0.6, seed: 7 } },
      train: { maxRows: 200, epochs: 4, learningRate: 2e-3, maxLength: 48, threads: 1, head: 'corn' },
    });
    const experiment = await ended(api, (await api.createExperiment(spec)).id);
    expect(experiment.failure).toBeNull();
    expect(experiment.status).toBe('succeeded');
    const { train, parity, benchmark } = experiment.stages;
    expect(train?.mae).toBeLessThan(0.8 * Number(train?.baselineMae));
    expect(parity?.mismatches).toBe(0);
    const folder = mkdtempSync(join(tmpdir(), 'spotforge-bundle-'));
    const bundle = await downloadBundle(api, experiment.id, folder);
    expect(bundle).toMatchObject({ task: 'image-ordinal', head: 'corn', preferred: benchmark?.preferred });
    expect(bundle.image).toMatchObject({ width: 32, height: 32, layout: 'NCHW, RGB' });
    expect(bundle.tokenizer).toBeUndefined();
    expect((await api.artifacts(experiment.id)).map(({ name }) => name)).toContain('benchmark/r1-1/report.html');
    rmSync(folder, { recursive: true });
  });

  it.concurrent('ends rejected by the parity gate when the exported weights are not the trained ones', async () => {
    const spec = await anExperiment(api, fixtures.tiny, { name: 'corrupted-export' });
    const experiment = await ended(api, (await api.createExperiment(spec)).id);
    expect(experiment.status).toBe('rejected');
    expect(experiment.failure).toMatchObject({ error: 'Stage.GateRejected', stage: 'parity' });
    expect(experiment.failure?.diagnostics).toHaveLength(1);
    expect(experiment.bundle).toBeNull();
    expect(await refusalOf(api.resume(experiment.id))).toMatchObject({
      ...{ status: 409, detail: expect.stringContaining('submit it anew') },
    });
  });

  it.concurrent('ends rejected by the fidelity gate when it demands INT8 and INT8 may change nothing', async () => {
    const spec = await anExperiment(api, fixtures.tiny, {
      name: 'int8-or-nothing',
      gates: { int8: { maxMeanScoreDelta: 0, required: true } },
    });
    const experiment = await ended(api, (await api.createExperiment(spec)).id);
    expect(experiment.failure).toMatchObject({ error: 'Stage.GateRejected', stage: 'benchmark' });
    expect(experiment.status).toBe('rejected');
    expect(experiment.failure?.message).toMatch(/score/);
    expect(experiment.failure?.diagnostics.length).toBeGreaterThan(0);
  });

  it.concurrent('goes on when the Batch event of a finished stage was lost, and can be cancelled', async () => {
    const { id } = await api.createExperiment(await anExperiment(api, fixtures.tiny, { name: 'lost-event' }));
    await plantInBatch(operator, 'events/drop', { jobNamePattern: `${id}-r1-ingest-1`, statuses: ['SUCCEEDED'] });
    const running = await until(api, id, ({ stage, stages }) => stages.ingest !== undefined && stage === 'prepare');
    expect(running.status).toBe('running');
    const { status, body } = await api.cancel(id);
    expect(status).toBe(202);
    expect(body.status).toBe('cancelling');
    const cancelled = await ended(api, id);
    expect(cancelled.status).toBe('cancelled');
    expect((await api.cancel(id)).body.status).toBe('cancelled');
  });

  it.concurrent('is started within two minutes when it was stored but its execution was not', async () => {
    expect(unstarted.status).toBe('queued');
    const started = await until(api, unstarted.id, ({ startedAt }) => startedAt !== null);
    expect(Date.parse(String(started.startedAt)) - Date.parse(started.createdAt)).toBeGreaterThanOrEqual(60_000);
    await api.cancel(unstarted.id);
    expect(['cancelled', 'succeeded']).toContain((await ended(api, unstarted.id)).status);
  });

  it.concurrent('has its job terminated and ends cancelled when its execution is stopped in the console', async () => {
    const { id } = await api.createExperiment(await anExperiment(api, fixtures.tiny, { name: 'stopped', train: { epochs: 50 } }));
    await until(api, id, ({ attempts }) => attempts.some(({ stage, status }) => stage === 'train' && status === 'RUNNING'));
    await stopExecution(operator, stateMachineArn, id);
    const experiment = await ended(api, id);
    expect(experiment.status).toBe('cancelled');
    const train = experiment.attempts.find(({ stage }) => stage === 'train');
    expect(train?.status).toBe('FAILED');
    expect(experiment.attempts.every(({ status }) => status === 'SUCCEEDED' || status === 'FAILED')).toBe(true);
  });

  it.concurrent('fails in prepare with the reason when its labels are not numbers', async () => {
    const spec = await anExperiment(api, fixtures.notNumbers, { name: 'nan-labels' });
    const experiment = await ended(api, (await api.createExperiment(spec)).id);
    expect(experiment.status).toBe('failed');
    expect(experiment.failure).toMatchObject({ error: 'Stage.InvalidInput', stage: 'prepare' });
    expect(experiment.failure?.message).toMatch(/label-not-a-number/);
    expect(experiment.failure?.remedy).toBeTruthy();
  });

  it.concurrent('fails in train as diverged when the learning rate is absurd', async () => {
    const spec = await anExperiment(api, fixtures.tiny, { name: 'diverges', train: { learningRate: 1000 } });
    const experiment = await ended(api, (await api.createExperiment(spec)).id);
    expect(experiment.status).toBe('failed');
    expect(experiment.failure).toMatchObject({ error: 'Stage.Diverged', stage: 'train', attempt: 1 });
    expect(experiment.failure?.remedy).toMatch(/learningRate/);
  });
});
