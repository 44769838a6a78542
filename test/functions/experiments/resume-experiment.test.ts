import {
  BatchClient,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  type JobDefinition,
  type JobQueueDetail,
} from '@aws-sdk/client-batch';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { executionArn, executionInput } from '../../../functions/experiments/execution-input.ts';
import { executions } from '../../../functions/experiments/executions.ts';
import { experimentReader } from '../../../functions/experiments/experiment-reader.ts';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { finishedStageReader } from '../../../functions/experiments/finished-stage-reader.ts';
import { pinReader } from '../../../functions/experiments/pin-reader.ts';
import { resumeExperiment, type Services } from '../../../functions/experiments/resume-experiment.ts';
import { specStore } from '../../../functions/experiments/spec-store.ts';
import { submissionStore } from '../../../functions/experiments/submission-store.ts';
import { executionInput as executionInputSchema } from '../../../functions/shared/contracts/experiment-spec.ts';
import { experimentView } from '../../../functions/shared/contracts/experiment-view.ts';
import { keys, STAGES } from '../../../functions/shared/contracts/names.ts';
import { logger } from '../../../functions/shared/handlers.ts';
import { attemptEntity } from '../../../functions/shared/table/attempt.ts';
import { type ExperimentItem, experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { progressEntity, progressOrder } from '../../../functions/shared/table/progress.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { anExperiment, anId, JOB_DEFINITIONS, LADDERS } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';
import { SUMMARIES, someProgress } from '../stages/a-job.ts';
import { outputOf, storeStages } from './stored-stages.ts';

let aws: LocalAws;
let stateMachine: string;
let services: Services;
const batchClient = new BatchClient({ region: 'us-east-1' });
const batch = mockClient(batchClient);

beforeAll(async () => {
  logger.setLogLevel('SILENT');
  aws = await localAws();
  stateMachine = await aws.aStateMachine();
  services = {
    reader: experimentReader(aws.table),
    store: experimentStore(aws.table),
    submissions: submissionStore(aws.table),
    pins: pinReader(batchClient, specStore(aws.s3, aws.buckets.experiments)),
    finished: finishedStageReader(aws.s3, aws.buckets.experiments),
    runs: executions(aws.stepFunctions, stateMachine),
    clock: { now: () => new Date('2026-11-22T08:00:00.000Z') },
    claims: CLAIMS,
  };
});
beforeEach(() => batchHas());

/** Batch with everything that was pinned, but for what is said. The emulator has no Batch, and the local executor no such faults. */
const batchHas = (changes: { definitions?: Record<string, string>; queues?: Record<string, Partial<JobQueueDetail>> } = {}) => {
  const definitions = Object.values(JOB_DEFINITIONS).map((jobDefinitionArn) => ({
    jobDefinitionArn,
    status: changes.definitions?.[jobDefinitionArn] ?? 'ACTIVE',
  }));
  const queues = [...new Set(Object.values(LADDERS).flat())].map((jobQueueArn) => ({
    ...{ jobQueueArn, state: 'ENABLED', status: 'VALID' },
    ...changes.queues?.[jobQueueArn],
  }));
  const asked = (arns: string[], arn: string | undefined, status: string | undefined) =>
    arns.includes(arn ?? '') && status !== 'forgotten';
  batch.reset();
  batch.on(DescribeJobDefinitionsCommand).callsFake(({ jobDefinitions }) => ({
    jobDefinitions: definitions.filter(({ jobDefinitionArn, status }) => asked(jobDefinitions, jobDefinitionArn, status)),
  }));
  batch.on(DescribeJobQueuesCommand).callsFake(({ jobQueues }) => ({
    jobQueues: queues.filter(({ jobQueueArn, status }) => asked(jobQueues, jobQueueArn, status)) as JobQueueDetail[],
  }));
};

const FAILURE = {
  error: 'Stage.Interrupted',
  stage: 'train',
  attempt: 3,
  message: 'm',
  where: null,
  remedy: null,
  diagnostics: [],
} as const;

/** An experiment that ended in train, with its frozen spec and what its first stages stored. */
const stored = async (changes: Partial<ExperimentItem> = {}, { finished = 2 } = {}) => {
  const id = anId();
  const inputs = await storeStages(aws, id, finished);
  const experiment = anExperiment({
    id,
    status: 'failed',
    revision: 7,
    stage: 'train',
    current: { run: 1, stage: 'train', attempt: 3 },
    startedAt: '2026-11-22T06:01:00.000Z',
    endedAt: '2026-11-22T07:00:00.000Z',
    failure: { ...FAILURE, diagnostics: [] },
    waiting: { reason: 'x', since: '2026-11-22T06:59:00.000Z' },
    stages: Object.fromEntries(STAGES.slice(0, finished).map((stage) => [stage, SUMMARIES[stage]])),
    inputs,
    ...changes,
  });
  await experimentEntity(aws.table).create(experiment).go();
  await specStore(aws.s3, aws.buckets.experiments).freeze(experiment.spec);
  return experiment;
};

type Options = { tenant?: string; key?: string; body?: unknown; with?: Partial<Services> };
const resume = async (id: string, { tenant = 'acme', key, body, with: changed = {} }: Options = {}) => {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const route = 'POST /v1/experiments/{id}/resume';
  const answer = await resumeExperiment(aRequest({ route, id, tenant, headers, body }), { ...services, ...changed });
  return { ...answer, view: experimentView.parse(JSON.parse(String(answer.body))) };
};
const read = async (id: string) => (await experimentStore(aws.table).get(id)) ?? expect.fail(`${id} is not stored`);
const history = (id: string) => experimentReader(aws.table).history(id, { limit: 10 });
const execution = (id: string, run: number) =>
  aws.stepFunctions.send(new DescribeExecutionCommand({ executionArn: executionArn(stateMachine, id, run) }));
const remove = (bucket: string, key: string) => aws.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));

describe('POST /v1/experiments/{id}/resume', () => {
  it.each(['failed', 'cancelled'] as const)(
    'queues one that is %s as the next run, without what was said of the old one, and starts it',
    async (status) => {
      const experiment = await stored({ status });
      const { id, inputs } = experiment;

      const answer = await resume(id);

      expect(answer).toMatchObject({ status: 202, headers: { location: `/v1/experiments/${id}` } });
      expect(answer.view).toMatchObject({
        ...{ status: 'queued', run: 2, revision: 8, stage: null, failure: null, waiting: null, progress: null },
        ...{ startedAt: null, endedAt: null, stages: { ingest: SUMMARIES.ingest, prepare: SUMMARIES.prepare } },
      });
      const now = await read(id);
      expect(now).toMatchObject({ inputs });
      expect(now).not.toHaveProperty('current');
      expect(await services.reader.withDetails(now)).toEqual(answer.view);
      expect(await history(id)).toMatchObject([
        {
          type: 'experiment.queued',
          run: 2,
          message: 'Resumed as run 2. It starts with train. Kept: ingest, prepare.',
        },
      ]);
      const { input = '' } = await execution(id, 2);
      expect(executionInputSchema.parse(JSON.parse(input))).toEqual(executionInput(now));
      expect(JSON.parse(input)).toMatchObject({ run: 2, inputs });
    },
  );

  it('keeps the attempts of earlier runs, and shows nothing of their progress', async () => {
    const { id } = await stored();
    const attempt = { experimentId: id, run: 1, stageIndex: 2, attempt: 3, stage: 'train', jobId: 'j', queue: 'q' } as const;
    await attemptEntity(aws.table)
      .put({ ...attempt, status: 'FAILED' })
      .go();
    const progress = someProgress({ experimentId: id, attempt: 3 });
    await progressEntity(aws.table)
      .put({ experimentId: id, order: progressOrder(progress), progress, movedAt: progress.at })
      .go();
    const { view } = await resume(id);
    expect(view.attempts).toMatchObject([{ run: 1, stage: 'train', attempt: 3, status: 'FAILED' }]);
    expect((await services.reader.withDetails(await read(id))).progress).toBeNull();
  });

  it.each([
    ['queued', /queued already/],
    ['running', /it is running/],
    ['cancelling', /still being cancelled/],
    ['succeeded', /nothing left to do/],
    ['rejected', /a gate said no .* submit it anew/],
  ] as const)('refuses one that is %s and says why', async (status, why) => {
    const experiment = await stored({ status });
    await expect(resume(experiment.id)).rejects.toMatchObject({
      name: 'ExperimentNotResumable',
      message: expect.stringMatching(why),
    });
    expect(await read(experiment.id)).toEqual(experiment);
  });

  it('does not exist for another tenant, and touches nothing', async () => {
    const experiment = await stored();
    await expect(resume(experiment.id, { tenant: 'globex' })).rejects.toMatchObject({ name: 'ExperimentNotFound' });
    await expect(resume(anId())).rejects.toMatchObject({ name: 'ExperimentNotFound' });
    expect(await read(experiment.id)).toEqual(experiment);
  });

  it('takes no body but an empty object', async () => {
    const { id } = await stored();
    await expect(resume(id, { body: { from: 'train' } })).rejects.toMatchObject({
      name: 'InvalidRequest',
      errors: [{ field: 'from' }],
    });
    expect(await resume(id, { body: {} })).toMatchObject({ status: 202 });
  });

  it('answers the same when the execution cannot be started, because the supervisor will', async () => {
    const { id } = await stored();
    const start = () => Promise.reject(new Error('unreachable'));
    expect(await resume(id, { with: { runs: { ...services.runs, start } } })).toMatchObject({ status: 202 });
    expect(await read(id)).toMatchObject({ status: 'queued', run: 2 });
  });

  it('stops the execution again when the run was cancelled while it was being started', async () => {
    const { id } = await stored();
    const start: Services['runs']['start'] = async (experiment) => {
      await services.store.change(id, () => ({ status: 'cancelling' }));
      await services.runs.start(experiment);
    };
    await resume(id, { with: { runs: { ...services.runs, start } } });
    expect((await execution(id, 2)).status).toBe('ABORTED');
  });

  it('makes one run of ten requests at once; the others are told that it is queued', async () => {
    const { id } = await stored();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => resume(id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'ExperimentNotResumable' });
    expect(await read(id)).toMatchObject({ status: 'queued', run: 2, revision: 8 });
  });
});

describe('under an Idempotency-Key', () => {
  it('gives the first answer again, whatever has happened since', async () => {
    const { id } = await stored();
    const first = await resume(id, { key: 'resume-1' });
    await services.store.change(id, () => ({ status: 'running' }));
    const again = await resume(id, { key: 'resume-1' });
    expect(again).toMatchObject({ status: 202, body: first.body });
    expect(again.headers).toEqual({ ...first.headers, 'idempotency-replayed': 'true' });
    expect(await read(id)).toMatchObject({ run: 2 });
  });

  it('means one experiment of one tenant', async () => {
    const [one, other] = [await stored(), await stored()];
    await resume(one.id, { key: 'resume-2' });
    await expect(resume(other.id, { key: 'resume-2' })).rejects.toMatchObject({ name: 'IdempotencyKeyReused' });
    const theirs = await stored({ tenant: 'globex' });
    expect(await resume(theirs.id, { key: 'resume-2', tenant: 'globex' })).toMatchObject({ status: 202 });
  });

  it('makes one run of ten requests at once, and answers the same to all of them', async () => {
    const { id } = await stored();
    const answers = await Promise.all(Array.from({ length: 10 }, () => resume(id, { key: 'resume-3' })));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers?.['idempotency-replayed'] === undefined)).toHaveLength(1);
    expect(await read(id)).toMatchObject({ run: 2 });
  });

  it('stores no key for a resume that was refused', async () => {
    const { id } = await stored({ status: 'running' });
    await expect(resume(id, { key: 'resume-4' })).rejects.toMatchObject({ name: 'ExperimentNotResumable' });
    await services.store.change(id, () => ({ status: 'failed' }));
    expect(await resume(id, { key: 'resume-4' })).toMatchObject({ status: 202, view: { run: 2 } });
  });
});

describe('what the new run may skip', () => {
  const at = (id: string, stage: (typeof STAGES)[number]) => ({ experimentId: id, run: 1, stage, attempt: 1 });
  const started = async (id: string) => {
    const { view } = await resume(id);
    const { inputs = {} } = await read(id);
    const [line] = await history(id);
    return { kept: Object.keys(inputs), figures: Object.keys(view.stages), message: line?.message };
  };

  it('is everything that is finished', async () => {
    const { id } = await stored({}, { finished: 6 });
    expect((await started(id)).kept).toEqual(STAGES.slice(0, 6));
  });

  it('is nothing when nothing was finished', async () => {
    const { id } = await stored({}, { finished: 0 });
    expect(await started(id)).toEqual({
      kept: [],
      figures: [],
      message: 'Resumed as run 2. It starts with ingest. Nothing of earlier runs is used.',
    });
  });

  it('ends before a stage whose manifest is gone, however many follow', async () => {
    const { id } = await stored({}, { finished: 4 });
    await remove(aws.buckets.experiments, `${keys.attempt(at(id, 'prepare'))}manifest.json`);
    expect(await started(id)).toEqual({
      kept: ['ingest'],
      figures: ['ingest'],
      message: 'Resumed as run 2. It starts with prepare. Kept: ingest. prepare runs again: its manifest is gone.',
    });
  });

  it('ends before a stage of which an output is gone, in whatever bucket', async () => {
    const { id } = await stored({}, { finished: 3 });
    const { bucket, key } = outputOf(aws, at(id, 'prepare'));
    // A neighbour whose key starts alike is not it.
    await aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${key}.bak`, Body: 'what prepare made' }));
    await remove(bucket, key);
    const { kept, message } = await started(id);
    expect(kept).toEqual(['ingest']);
    expect(message).toMatch(/prepare runs again: its output train.parquet is gone/);
  });

  it('ends before a stage of which an output has another size', async () => {
    const { id } = await stored({}, { finished: 3 });
    const { bucket, key } = outputOf(aws, at(id, 'train'));
    await aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'torn' }));
    const { kept, message } = await started(id);
    expect(kept).toEqual(['ingest', 'prepare']);
    expect(message).toMatch(/its output report.json has 4 bytes instead of 15/);
  });

  it.each<[string, NonNullable<Parameters<typeof storeStages>[3]>['change'], RegExp]>([
    ['breaks the contract', (manifest) => ({ ...manifest, schemaVersion: 2 as 1 }), /does not follow the contract/],
    ['is of another experiment', (manifest) => ({ ...manifest, experimentId: anId() }), /belongs to/],
    ['is of another attempt', (manifest) => ({ ...manifest, attempt: 2 }), /folder of another attempt/],
  ])('ends before a manifest that %s', async (_what, change, because) => {
    const { id } = await stored({}, { finished: 1 });
    await storeStages(aws, id, 1, { change: change ?? expect.fail() });
    const { kept, message } = await started(id);
    expect(kept).toEqual([]);
    expect(message).toMatch(because);
  });

  it('ends before a stage that was made from another result than the one that is there', async () => {
    const { id } = await stored({}, { finished: 3 });
    // ingest's manifest, valid by itself, is no longer the one that prepare read.
    await storeStages(aws, id, 1, { change: (manifest) => ({ ...manifest, createdAt: '2026-11-22T06:31:00.000Z' }) });
    const { kept, message } = await started(id);
    expect(kept).toEqual(['ingest']);
    expect(message).toMatch(/prepare runs again: it was made from another result of ingest/);
  });

  it('never comes from a place outside the experiments bucket', async () => {
    const { id } = await stored({ inputs: { ingest: 's3://somebody-elses/manifest.json' } });
    expect((await started(id)).kept).toEqual([]);
  });
});

describe('what an experiment was pinned to', () => {
  const refusal = (id: string) =>
    resume(id).then(
      () => expect.fail('was not refused'),
      (error) => error,
    );
  const [queue = ''] = LADDERS.train;

  it.each([
    ['deregistered', 'INACTIVE', 'INACTIVE'],
    ['gone', 'forgotten', 'missing'],
  ])('must be there: a job definition is %s', async (_what, status, found) => {
    const experiment = await stored();
    batchHas({ definitions: { [JOB_DEFINITIONS.train]: status } });
    const error = await refusal(experiment.id);
    expect(error).toMatchObject({
      name: 'PinsChanged',
      errors: [{ field: 'pins.jobDefinitions.train', expected: `${JOB_DEFINITIONS.train}, ACTIVE`, found }],
    });
    expect(error.message).toContain('pins.jobDefinitions.train');
    expect(await read(experiment.id)).toEqual(experiment);
  });

  it.each([
    ['disabled', { state: 'DISABLED' }, 'DISABLED'],
    ['being deleted', { status: 'DELETING' }, 'DELETING'],
    ['gone', { status: 'forgotten' }, 'missing'],
  ] as const)('must be there: a queue is %s', async (_what, change, found) => {
    const { id } = await stored();
    batchHas({ queues: { [queue]: change as Partial<JobQueueDetail> } });
    const { errors } = await refusal(id);
    expect(errors).toHaveLength(STAGES.length); // one for each ladder that it stands in
    expect(errors).toContainEqual({ field: 'pins.ladders.train[0]', expected: `${queue}, ENABLED`, found });
  });

  it('must be written in spec.json as it is stored', async () => {
    const { id, spec } = await stored();
    const put = (Body: string) =>
      aws.s3.send(new PutObjectCommand({ Bucket: aws.buckets.experiments, Key: keys.spec(id), Body }));

    await put(JSON.stringify({ ...spec, train: { ...spec.train, epochs: 50 }, colour: 'red' }));
    expect((await refusal(id)).errors).toEqual([
      { field: 'spec.json#train.epochs', expected: '2', found: '50' },
      { field: 'spec.json#colour', expected: 'missing', found: '"red"' },
    ]);

    const gone = [{ field: 'spec.json', expected: 'the document that was frozen at submit', found: 'missing' }];
    await put('{"torn');
    expect((await refusal(id)).errors).toEqual(gone);
    await remove(aws.buckets.experiments, keys.spec(id));
    expect((await refusal(id)).errors).toEqual(gone);

    // White space and the order of keys are nobody's business.
    await put(JSON.stringify(Object.fromEntries(Object.entries(spec).reverse()), null, 4));
    expect(await resume(id)).toMatchObject({ status: 202 });
  });

  it('is reported all at once', async () => {
    const { id } = await stored();
    await remove(aws.buckets.experiments, keys.spec(id));
    batchHas({ definitions: { [JOB_DEFINITIONS.export]: 'INACTIVE' }, queues: { [queue]: { state: 'DISABLED' } } });
    const fields = (await refusal(id)).errors.map(({ field }: { field: string }) => field);
    expect(fields).toEqual(['spec.json', 'pins.jobDefinitions.export', ...STAGES.map((stage) => `pins.ladders.${stage}[0]`)]);
  });

  it('is asked of Batch by ARN, and not at all for an experiment that cannot be resumed', async () => {
    const { id } = await stored();
    await resume(id);
    const definitions = batch.commandCalls(DescribeJobDefinitionsCommand).map(({ args }) => args[0].input);
    expect(definitions).toEqual([{ jobDefinitions: Object.values(JOB_DEFINITIONS) as JobDefinition['jobDefinitionArn'][] }]);
    await expect(resume(id)).rejects.toMatchObject({ name: 'ExperimentNotResumable' });
    expect(batch.commandCalls(DescribeJobDefinitionsCommand)).toHaveLength(1);
  });
});
