import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as createUpload from '../../functions/datasets/create-upload.ts';
import * as cancelExperiment from '../../functions/experiments/cancel-experiment.ts';
import * as createExperiment from '../../functions/experiments/create-experiment.ts';
import * as getExperiment from '../../functions/experiments/get-experiment.ts';
import * as listArtifacts from '../../functions/experiments/list-artifacts.ts';
import * as listEvents from '../../functions/experiments/list-events.ts';
import * as listExperiments from '../../functions/experiments/list-experiments.ts';
import * as publishChanges from '../../functions/experiments/publish-changes.ts';
import * as resumeExperiment from '../../functions/experiments/resume-experiment.ts';
import * as getHealth from '../../functions/health/get-health.ts';
import type { VariableName } from '../../functions/shared/env.ts';
import { aContext, aRequest, CLAIMS } from './a-request.ts';
import { aSubmission } from './a-submission.ts';
import { anId, JOB_DEFINITIONS, LADDERS, PRICES } from './an-experiment.ts';
import { type LocalAws, localAws } from './local-aws.ts';

/** Each function as it is deployed: its exported handler, with the variables that it declares and no others. */
let values: Partial<Record<VariableName, string>>;
let aws: LocalAws;

beforeAll(async () => {
  aws = await localAws();
  values = {
    TABLE_NAME: aws.table.table,
    DATASETS_BUCKET: aws.buckets.datasets,
    EXPERIMENTS_BUCKET: aws.buckets.experiments,
    CHECKPOINTS_BUCKET: aws.buckets.checkpoints,
    RELEASES_BUCKET: aws.buckets.releases,
    EVENT_BUS: aws.bus,
    STATE_MACHINE_ARN: await aws.aStateMachine(),
    PROFILES: JSON.stringify(asProfiles(LADDERS)),
    JOB_DEFINITIONS: JSON.stringify(JOB_DEFINITIONS),
    ALLOWED_SOURCES: JSON.stringify(['s3://open-data/', 's3://open-models/']),
    PRICES: JSON.stringify(PRICES),
    PRECISION_LIMITS: '{}',
    GIT_SHA: 'unknown',
    ...CLAIMS,
  };
  vi.stubEnv('AWS_ENDPOINT_URL', aws.settings.endpoint);
  vi.stubEnv('AWS_REGION', aws.settings.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', aws.settings.credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', aws.settings.credentials.secretAccessKey);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** Queues under their ARNs as names. */
const asProfiles = (ladders: typeof LADDERS) => ({
  queues: Object.fromEntries(Object.values(ladders).flatMap((of) => of.map((arn) => [arn, arn]))),
  ladders: { default: ladders },
});

type Deployed = { environment: readonly VariableName[]; handler: typeof getExperiment.handler };
const call = async ({ environment, handler }: Deployed, request: Parameters<typeof aRequest>[0]) => {
  for (const name of Object.keys(values) as VariableName[]) {
    vi.stubEnv(name, environment.includes(name) ? values[name] : undefined);
  }
  const { statusCode, headers, body } = await handler(aRequest(request), aContext());
  return { status: statusCode, headers, body: JSON.parse(body ?? 'null') };
};

describe('the API, handler by handler', () => {
  it('follows an experiment from its submission to its cancelling', async () => {
    const created = await call(createExperiment, { body: aSubmission(), headers: { 'idempotency-key': 'a' } });
    expect(created).toMatchObject({ status: 201, headers: { location: `/v1/experiments/${created.body.id}` } });
    const replayed = await call(createExperiment, { body: aSubmission(), headers: { 'idempotency-key': 'a' } });
    expect(replayed).toEqual({ ...created, headers: { ...created.headers, 'idempotency-replayed': 'true' } });

    const { id } = created.body;
    expect(await call(getExperiment, { id })).toMatchObject({ status: 200, body: created.body });
    expect(await call(listExperiments, {})).toMatchObject({ status: 200, body: { items: [{ id }], next: null } });
    expect(await call(listEvents, { id })).toMatchObject({ status: 200, body: { items: [{ type: 'experiment.queued' }] } });
    expect(await call(listArtifacts, { id })).toMatchObject({
      status: 200,
      body: { items: [{ kind: 'spec', name: 'spec.json' }] },
    });
    expect(await call(cancelExperiment, { id })).toMatchObject({ status: 202, body: { status: 'cancelling' } });
  });

  it('takes a declaration of files', async () => {
    const files = [{ path: 'ratings.csv', bytes: 1, sha256: 'a'.repeat(64) }];
    expect(await call(createUpload, { body: { files } })).toMatchObject({ status: 201, body: { complete: false } });
  });

  it('answers that it is alive without any claim', async () => {
    expect(await call(getHealth, { claims: {} })).toMatchObject({ status: 200, body: { status: 'ok', gitSha: 'unknown' } });
  });

  it.each([
    ['get', getExperiment],
    ['list', listExperiments],
    ['events', listEvents],
    ['artifacts', listArtifacts],
    ['cancel', cancelExperiment],
    ['resume', resumeExperiment],
    ['create', createExperiment],
    ['upload', createUpload],
  ])('refuses a token without tenant at %s before anything else', async (_name, deployed) => {
    expect(await call(deployed, { claims: { token_use: 'id' }, rawBody: '{' })).toMatchObject({ status: 403 });
  });

  it.each([
    ['ProvisionedThroughputExceededException', 503, '2'],
    ['ResourceNotFoundException', 500, undefined],
  ])('when the table answers %s says %i and nothing of the inside', async (name, status, retryAfter) => {
    const table = mockClient(DynamoDBDocumentClient);
    // A new error for each call, as the SDK has it.
    table.onAnyCommand().callsFake(() => Promise.reject(Object.assign(new Error(`${name} on ${values.TABLE_NAME}`), { name })));
    try {
      for (const [deployed, request] of [
        [getExperiment, { id: anId() }],
        [listExperiments, {}],
        [createExperiment, { body: aSubmission() }],
      ] as const) {
        const answer = await call(deployed, request);
        expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } });
        expect(answer.headers?.['retry-after']).toBe(retryAfter);
        expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${name}|${values.TABLE_NAME}|node_modules`));
      }
    } finally {
      table.restore();
    }
  });

  it('publishes nothing for an empty batch of changes', async () => {
    vi.stubEnv('EVENT_BUS', values.EVENT_BUS);
    expect(await publishChanges.handler({ Records: [] }, aContext())).toEqual({ batchItemFailures: [] });
  });
});
