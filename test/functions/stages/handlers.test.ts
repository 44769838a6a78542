import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import * as trackPreparation from '../../../functions/datasets/track-preparation.ts';
import {
  handler as takeModelVersion,
  environment as takeModelVersionEnvironment,
} from '../../../functions/models/take-model-version.ts';
import type { VariableName } from '../../../functions/shared/env.ts';
import { logger } from '../../../functions/shared/handlers.ts';
import * as recordFailure from '../../../functions/stages/record-failure.ts';
import * as recordProgress from '../../../functions/stages/record-progress.ts';
import * as redriveEvents from '../../../functions/stages/redrive-events.ts';
import * as superviseExperiments from '../../../functions/stages/supervise-experiments.ts';
import * as trackExecution from '../../../functions/stages/track-execution.ts';
import * as trackJob from '../../../functions/stages/track-job.ts';
import { anId, byStage } from '../an-experiment.ts';
import { aPreparationId } from '../datasets/a-dataset.ts';
import { localAws } from '../local-aws.ts';
import { someProgress } from './a-job.ts';
import { anEvent, detailOf, MACHINE, QUEUE } from './an-observer.ts';

const CONTEXT = { awsRequestId: 'request-1', functionName: 'f' } as Context;

/** What the stack gives; a function that reads more than it declares finds nothing here. */
const give = (names: readonly VariableName[], values: Record<string, string>) => {
  for (const name of names) vi.stubEnv(name, values[name] ?? '');
};

let values: Record<string, string>;
beforeAll(async () => {
  logger.setLogLevel('SILENT');
  const aws = await localAws();
  values = {
    TABLE_NAME: aws.table.table,
    EXPERIMENTS_BUCKET: aws.buckets.experiments,
    DATASETS_BUCKET: aws.buckets.datasets,
    STATE_MACHINE_ARN: MACHINE,
    JOB_QUEUES: JSON.stringify([QUEUE]),
    HANG_LIMITS: JSON.stringify(byStage(() => 600)),
    START_AFTER_SECONDS: '60',
    EVENT_BUS: aws.bus,
    DEAD_LETTER_QUEUES: JSON.stringify([await aws.aQueue()]),
  };
  vi.stubEnv('AWS_ENDPOINT_URL', inject('awsEndpoint'));
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => vi.unstubAllEnvs());

describe('with exactly the variables that it declares', () => {
  it('track-job answers', async () => {
    give(trackJob.environment, values);
    await trackJob.handler(
      anEvent('Batch Job State Change', detailOf({ experimentId: anId() }, { createdAt: Date.now() })),
      CONTEXT,
    );
  });

  it('track-execution answers', async () => {
    give(trackExecution.environment, values);
    await trackExecution.handler(
      anEvent('Step Functions Execution Status Change', { name: `${anId()}-r1`, status: 'RUNNING' }),
      CONTEXT,
    );
  });

  it('supervise-experiments says that there is no Batch here', async () => {
    give(superviseExperiments.environment, values);
    await expect(superviseExperiments.handler({}, CONTEXT)).rejects.toThrow(/executor/);
  });

  it('track-preparation says that there is no such preparation', async () => {
    give(trackPreparation.environment, values);
    const id = aPreparationId();
    const input = JSON.stringify({ tenant: 'acme', dataset: 'ratings', preparationId: id });
    const event = anEvent('Step Functions Execution Status Change', { name: id, status: 'ABORTED', input });
    await expect(trackPreparation.handler(event, CONTEXT)).rejects.toThrow(/dataset/);
  });

  it('redrive-events finds nothing to deliver', async () => {
    give(redriveEvents.environment, values);
    expect(await redriveEvents.handler({}, CONTEXT)).toEqual({ delivered: 0, left: 0 });
  });

  it('record-progress answers', async () => {
    give(recordProgress.environment, values);
    await recordProgress.handler(anEvent('Stage Progress', someProgress({ experimentId: anId() })), CONTEXT);
  });

  it('record-failure says that there is no such experiment', async () => {
    give(recordFailure.environment, values);
    const failed = { experimentId: anId(), run: 1, stage: null, attempt: null, error: 'x', cause: '' };
    await expect(recordFailure.handler(failed, CONTEXT)).rejects.toThrow('There is no such experiment.');
  });

  it('take-model-version takes one', async () => {
    give(takeModelVersionEnvironment, values);
    const taken = { experimentId: anId(), run: 1, tenant: 'acme', model: 'sentiment' };
    expect(await takeModelVersion(taken, CONTEXT)).toEqual({ version: 1 });
  });
});
