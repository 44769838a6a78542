import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { datasetStore } from '../../../functions/datasets/dataset-store.ts';
import { uploadStore } from '../../../functions/datasets/upload-store.ts';
import { computeProfiles } from '../../../functions/experiments/compute-profiles.ts';
import { createExperiment, type Services } from '../../../functions/experiments/create-experiment.ts';
import { executionArn, executionInput } from '../../../functions/experiments/execution-input.ts';
import { executions } from '../../../functions/experiments/executions.ts';
import { experimentReader } from '../../../functions/experiments/experiment-reader.ts';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { specStore } from '../../../functions/experiments/spec-store.ts';
import { submissionStore } from '../../../functions/experiments/submission-store.ts';
import { executionInput as executionInputSchema, resolvedSpec } from '../../../functions/shared/contracts/experiment-spec.ts';
import { type ExperimentView, experimentView } from '../../../functions/shared/contracts/experiment-view.ts';
import { keys } from '../../../functions/shared/contracts/names.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { aSubmission } from '../a-submission.ts';
import { anExperiment, anId, JOB_DEFINITIONS, LADDERS, PRICES } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
let services: Services;
let stateMachine: string;

beforeAll(async () => {
  aws = await localAws();
  stateMachine = await aws.aStateMachine();
  services = {
    submissions: submissionStore(aws.table),
    store: experimentStore(aws.table),
    uploads: uploadStore(aws.table, aws.s3, aws.buckets.datasets),
    datasets: datasetStore(aws.table),
    specs: specStore(aws.s3, aws.buckets.experiments),
    runs: executions(aws.stepFunctions, stateMachine),
    deployment: {
      profiles: computeProfiles({ default: LADDERS, large: LADDERS }, JOB_DEFINITIONS),
      allowedSources: ['s3://open-data/', 's3://open-models/'],
      prices: PRICES,
      gitSha: 'unknown',
      precisionLimits: { default: { bfloat16: 'rung 1 (gpu-spot, g4dn)' } },
    },
    claims: CLAIMS,
    clock: { now: () => new Date('2026-11-22T07:00:00.000Z') },
    newId: anId,
  };
});

type Options = { tenant?: string; key?: string; with?: Partial<Services> };
const submit = async (body: object, { tenant = 'acme', key, with: changed = {} }: Options = {}) => {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const event = aRequest({ route: 'POST /v1/experiments', tenant, body, headers });
  const answer = await createExperiment(event, { ...services, ...changed });
  return { ...answer, view: JSON.parse(String(answer.body)) as ExperimentView };
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** An upload of the tenant, of which everything is stored but what is listed as missing. */
const anUpload = async (names: readonly string[], { tenant = 'acme', missing = [] as readonly string[] } = {}) => {
  const id = anId().replace('exp', 'upl');
  const files = names.map((path) => ({ path, bytes: path.length, sha256: sha256(path) }));
  const upload = { tenant, id, files, sha256: sha256(id), createdAt: '2026-11-22T06:00:00.000Z' };
  await services.uploads.declare(upload);
  for (const { path } of files.filter(({ path }) => !missing.includes(path))) {
    await aws.s3.send(
      new PutObjectCommand({ Bucket: aws.buckets.datasets, Key: `${keys.upload(tenant, id)}${path}`, Body: path }),
    );
  }
  return { ...upload, uri: `upload:${id}` };
};
const BASE = ['config.json', 'tokenizer.json', 'model.safetensors'];
const problems = async (body: object, options?: Options) => {
  const error = await submit(body, options).then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ name: 'InvalidRequest' });
  return error.errors;
};

describe('POST /v1/experiments', () => {
  it('stores, freezes and starts an experiment, and answers 201 with the view and where it is', async () => {
    const dataset = await anUpload(['ratings.csv', 'README.md']);
    const base = await anUpload(BASE);
    const body = aSubmission({
      model: { name: 'sentiment', base: base.uri },
      dataset: { source: dataset.uri, sha256: dataset.sha256 },
    });

    const { status, headers, view } = await submit(body);

    expect(status).toBe(201);
    expect(headers).toEqual({ location: `/v1/experiments/${view.id}` });
    expect(experimentView.parse(view)).toMatchObject({
      status: 'queued',
      revision: 1,
      run: 1,
      model: 'sentiment',
      dataset: 'ratings',
    });
    expect(view.spec).toMatchObject({
      tenant: 'acme',
      createdAt: '2026-11-22T07:00:00.000Z',
      train: { epochs: 2, learningRate: 5e-5 },
      pins: {
        gitSha: 'unknown',
        jobDefinitions: JOB_DEFINITIONS,
        ladders: LADDERS,
        baseModelSha256: base.sha256,
        datasetSha256: dataset.sha256,
      },
    });

    const reader = experimentReader(aws.table);
    expect(await reader.withDetails(await reader.get('acme', view.id))).toEqual(view);
    expect(await reader.history(view.id, { limit: 10 })).toMatchObject([{ type: 'experiment.queued', at: view.createdAt }]);
    const object = await aws.s3.send(new GetObjectCommand({ Bucket: aws.buckets.experiments, Key: keys.spec(view.id) }));
    expect(resolvedSpec.parse(JSON.parse((await object.Body?.transformToString()) ?? ''))).toEqual(view.spec);
    const arn = executionArn(stateMachine, view.id, 1);
    const execution = await aws.stepFunctions.send(new DescribeExecutionCommand({ executionArn: arn }));
    expect(executionInputSchema.parse(JSON.parse(execution.input ?? ''))).toEqual(executionInput({ spec: view.spec, run: 1 }));
  });

  it('keeps what the request said of the rows to train on, and pins the hash it declared for a place in S3', async () => {
    const { view } = await submit(aSubmission({ train: { maxRows: 3200 }, dataset: { sha256: sha256('declared') } }));
    expect(view.spec.train.maxRows).toBe(3200);
    expect(view.spec.pins).toMatchObject({ datasetSha256: sha256('declared') });
    expect(view.spec.pins).not.toHaveProperty('baseModelSha256');
  });

  it('accepts a base model of the hub, pinned to a commit', async () => {
    const base = `hf:owner/model@${'a'.repeat(40)}`;
    expect((await submit(aSubmission({ model: { name: 'sentiment', base } }))).view.spec.model.base).toBe(base);
  });

  it('answers 201 although the execution could not be started, because the supervisor will start it', async () => {
    const start = () => Promise.reject(new Error('unreachable'));
    const { status, view } = await submit(aSubmission(), { with: { runs: { ...services.runs, start } } });
    expect(status).toBe(201);
    expect((await experimentReader(aws.table).get('acme', view.id)).status).toBe('queued');
  });

  it('takes an execution that runs already for started', async () => {
    const { view } = await submit(aSubmission());
    await expect(services.runs.start({ spec: view.spec, run: 1 })).resolves.toBeUndefined();
  });

  it('does not take a missing state machine for a start', async () => {
    const { view } = await submit(aSubmission());
    const missing = executions(aws.stepFunctions, `${stateMachine}-missing`);
    await expect(missing.start({ spec: view.spec, run: 1 })).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
  });

  it('never overwrites an experiment', async () => {
    const { view } = await submit(aSubmission());
    const again = services.submissions.store(anExperiment({ id: view.id, tenant: 'globex' }), undefined);
    await expect(again).rejects.toMatchObject({ name: 'ConcurrentChange' });
    expect((await experimentReader(aws.table).get('acme', view.id)).tenant).toBe('acme');
  });

  it('stores nothing when the spec cannot be frozen', async () => {
    const freeze = () => Promise.reject(new Error('unreachable'));
    const id = anId();
    await expect(submit(aSubmission(), { with: { specs: { freeze }, newId: () => id } })).rejects.toThrow('unreachable');
    await expect(experimentReader(aws.table).get('acme', id)).rejects.toMatchObject({ name: 'ExperimentNotFound' });
  });
});

describe('what a deployment does not allow', () => {
  it('is an unknown profile: the known ones are named', async () => {
    expect(await problems(aSubmission({ compute: { profile: 'huge' } }))).toEqual([
      { field: 'compute.profile', expected: 'one of default, large' },
    ]);
    expect(await problems(aSubmission({ compute: { profile: 'constructor' } }))).toHaveLength(1);
  });

  it('is a place in S3 outside the allowed ones, for dataset and base alike', async () => {
    const body = aSubmission({
      model: { name: 'sentiment', base: 's3://open-models-evil/x/' },
      dataset: { source: 's3://secret/x' },
    });
    expect(await problems(body)).toEqual([
      { field: 'dataset.source', expected: expect.stringContaining('s3://open-data/, s3://open-models/') },
      { field: 'model.base', expected: expect.stringContaining('that this deployment allows') },
    ]);
    const none = { ...services.deployment, allowedSources: [] };
    expect(await problems(aSubmission(), { with: { deployment: none } })).toContainEqual({
      field: 'dataset.source',
      expected: expect.stringContaining('none is allowed here: use an upload'),
    });
  });

  it("is an upload that does not exist, and another tenant's looks the same", async () => {
    const foreign = await anUpload(['ratings.csv'], { tenant: 'globex' });
    const absent = anId().replace('exp', 'upl');
    for (const id of [foreign.id, absent]) {
      expect(await problems(aSubmission({ dataset: { source: `upload:${id}` } }))).toEqual([
        { field: 'dataset.source', expected: `an upload of yours; there is no ${id}` },
      ]);
    }
  });

  it('is an upload that is not complete: what is missing is named', async () => {
    const many = Array.from({ length: 12 }, (_, i) => `part-${String(i).padStart(2, '0')}.txt`);
    const upload = await anUpload(['ratings.csv', ...many], { missing: many });
    const [problem] = await problems(aSubmission({ dataset: { source: upload.uri } }));
    expect(problem.expected).toMatch(/not stored yet: part-00\.txt, .*part-09\.txt and 2 more$/);
  });

  it('is a declared hash that is not that of the upload: both are named', async () => {
    const upload = await anUpload(['ratings.csv']);
    const declared = sha256('other');
    const [problem] = await problems(aSubmission({ dataset: { source: upload.uri, sha256: declared } }));
    expect(problem).toEqual({
      field: 'dataset.sha256',
      expected: `the upload's tree hash, ${upload.sha256}; declared was ${declared}`,
    });
  });

  it.each([
    [['notes.txt'], 'there is none'],
    [['a.csv', 'b.jsonl'], 'there are 2: a.csv, b.jsonl'],
  ])('is a dataset whose files are %j', async (names, expected) => {
    const upload = await anUpload(names);
    const [problem] = await problems(aSubmission({ dataset: { source: upload.uri } }));
    expect(problem).toEqual({ field: 'dataset.source', expected: expect.stringContaining(expected) });
  });

  it.each([
    [['config.json', 'tokenizer.json', 'pytorch_model.bin'], '*.safetensors'],
    [['model.safetensors', 'sub/config.json'], 'config.json, tokenizer.json'],
  ])('is a base model of only %j', async (names, missing) => {
    const upload = await anUpload(names);
    const [problem] = await problems(aSubmission({ model: { name: 'sentiment', base: upload.uri } }));
    expect(problem).toEqual({ field: 'model.base', expected: `a base model with ${missing}` });
  });
});

describe('an Idempotency-Key', () => {
  it('gives the first status and body again, whatever has happened since, and starts nothing new', async () => {
    const first = await submit(aSubmission(), { key: 'first' });
    const later = { now: () => new Date('2026-12-01T00:00:00.000Z') };
    const again = await submit(aSubmission(), { key: 'first', with: { clock: later } });
    expect(again).toMatchObject({ status: first.status, body: first.body });
    expect(again.headers).toEqual({ ...first.headers, 'idempotency-replayed': 'true' });
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
  });

  it('means the parsed body: order of keys and defaults written out make no difference', async () => {
    const first = await submit(aSubmission(), { key: 'parsed' });
    const reordered = { task: 'text-ordinal', ...Object.fromEntries(Object.entries(aSubmission()).reverse()) };
    expect((await submit(reordered, { key: 'parsed' })).view.id).toBe(first.view.id);
  });

  it('is refused with another body', async () => {
    await submit(aSubmission(), { key: 'reused' });
    await expect(submit(aSubmission({ name: 'other' }), { key: 'reused' })).rejects.toMatchObject({
      name: 'IdempotencyKeyReused',
    });
  });

  it("belongs to a tenant: another tenant's same key is another key", async () => {
    const ours = await submit(aSubmission(), { key: 'shared' });
    const theirs = await submit(aSubmission(), { key: 'shared', tenant: 'globex' });
    expect(theirs.view.id).not.toBe(ours.view.id);
    expect(theirs.headers).not.toHaveProperty('idempotency-replayed');
  });

  it('makes one experiment of twenty requests at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => submit(aSubmission(), { key: 'racing' })));
    const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(new Set(done.map(({ view }) => view.id)).size).toBe(1);
    expect(done.filter(({ headers }) => headers?.['idempotency-replayed'] === undefined)).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'ConcurrentChange' });
  });

  it('replays for every key and every admissible request', async () => {
    const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    await fc.assert(
      fc.asyncProperty(
        key,
        fc.stringMatching(/^[a-z][a-z0-9-]{1,30}$/),
        fc.integer({ min: 1, max: 100 }),
        async (key, name, epochs) => {
          const options = { key, tenant: `t${sha256(`${key}${name}${epochs}`).slice(0, 20)}` };
          const body = aSubmission({ name, train: { epochs } });
          const first = await submit(body, options);
          const again = await submit(body, options);
          expect(again.body).toBe(first.body);
          expect(again.headers?.['idempotency-replayed']).toBe('true');
        },
      ),
      { numRuns: 10 },
    );
  });

  it.each(['', 'with space', 'a'.repeat(65), 'ü', 'a#b'])('%o is malformed', async (key) => {
    await expect(submit(aSubmission(), { key })).rejects.toMatchObject({ name: 'MalformedIdempotencyKey' });
  });
});
