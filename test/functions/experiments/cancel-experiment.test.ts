import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, it } from 'vitest';
import { cancelExperiment, cancellation } from '../../../functions/experiments/cancel-experiment.ts';
import { executionArn } from '../../../functions/experiments/execution-input.ts';
import { type Executions, executions } from '../../../functions/experiments/executions.ts';
import { experimentReader } from '../../../functions/experiments/experiment-reader.ts';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { type ExperimentStatus, experimentView } from '../../../functions/shared/contracts/experiment-view.ts';
import { type ExperimentItem, experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { anExperiment, anId } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
let stateMachine: string;
beforeAll(async () => {
  aws = await localAws();
  stateMachine = await aws.aStateMachine();
});

const stored = async (changes: Partial<ExperimentItem> = {}) => {
  const experiment = anExperiment(changes);
  await experimentEntity(aws.table).create(experiment).go();
  return experiment;
};
const cancel = async (id: string, { tenant = 'acme', runs = {} as Partial<Executions> } = {}) => {
  const services = {
    reader: experimentReader(aws.table),
    store: experimentStore(aws.table),
    runs: { ...executions(aws.stepFunctions, stateMachine), ...runs },
    claims: CLAIMS,
  };
  const { status, body } = await cancelExperiment(aRequest({ route: 'DELETE /v1/experiments/{id}', id, tenant }), services);
  return { status, view: experimentView.parse(body) };
};
const stateOf = async (id: string) => {
  const executionOf = new DescribeExecutionCommand({ executionArn: executionArn(stateMachine, id, 1) });
  return (await aws.stepFunctions.send(executionOf)).status;
};

describe('DELETE /v1/experiments/{id}', () => {
  it('records the wish, stops the execution and answers 202, however often it is asked', async () => {
    const experiment = await stored({ status: 'running', waiting: { reason: 'x', since: '2026-11-22T06:00:00.000Z' } });
    const { id } = experiment;
    await executions(aws.stepFunctions, stateMachine).start(experiment);
    expect(await stateOf(id)).toBe('RUNNING');

    const first = await cancel(id);

    expect(first).toMatchObject({ status: 202, view: { status: 'cancelling', revision: 2, waiting: null } });
    expect(await stateOf(id)).toBe('ABORTED');
    expect(await cancel(id)).toEqual(first);
    expect(await experimentReader(aws.table).history(id, { limit: 10 })).toMatchObject([{ type: 'experiment.cancelling' }]);
  });

  it('leaves an experiment without execution to the reconciler', async () => {
    const { id } = await stored();
    expect(await cancel(id)).toMatchObject({ status: 202, view: { status: 'cancelling' } });
  });

  it('keeps the wish when the execution cannot be stopped, because the supervisor will stop it', async () => {
    const { id } = await stored({ status: 'running' });
    const stop = () => Promise.reject(new Error('unreachable'));
    expect(await cancel(id, { runs: { stop } })).toMatchObject({ status: 202, view: { status: 'cancelling' } });
  });

  it('does not wait for a Step Functions that does not answer', async () => {
    const { id } = await stored({ status: 'running' });
    const stop: Executions['stop'] = (_id, _run, _cause, abortSignal) =>
      new Promise((_resolve, reject) => abortSignal?.addEventListener('abort', () => reject(abortSignal.reason)));
    expect(await cancel(id, { runs: { stop } })).toMatchObject({ status: 202, view: { status: 'cancelling' } });
  });

  it('answers 200 for one that is cancelled already', async () => {
    const { id } = await stored({ status: 'cancelled' });
    expect(await cancel(id)).toMatchObject({ status: 200, view: { status: 'cancelled', revision: 1 } });
  });

  it.each(['succeeded', 'failed', 'rejected'] as const)('refuses one that is %s, naming the status', async (status) => {
    const { id } = await stored({ status });
    await expect(cancel(id)).rejects.toMatchObject({ name: 'ExperimentFinished', message: expect.stringContaining(status) });
  });

  it('does not exist for another tenant, and touches nothing', async () => {
    const experiment = await stored({ status: 'running' });
    await expect(cancel(experiment.id, { tenant: 'globex' })).rejects.toMatchObject({ name: 'ExperimentNotFound' });
    await expect(cancel(anId())).rejects.toMatchObject({ name: 'ExperimentNotFound' });
    expect(await experimentStore(aws.table).get(experiment.id)).toEqual(experiment);
  });
});

describe('a cancellation', () => {
  it.each<[ExperimentStatus, string | undefined]>([
    ['queued', 'cancelling'],
    ['running', 'cancelling'],
    ['cancelling', undefined],
    ['cancelled', undefined],
  ])('of what is %s makes it %s', (status, expected) => {
    expect(cancellation({ status })?.status).toBe(expected);
  });
});
