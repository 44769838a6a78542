import type { DynamoDBRecord } from 'aws-lambda';
import { beforeAll, describe, expect, it } from 'vitest';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { statusChange } from '../../../functions/experiments/status-change.ts';
import { submissionStore } from '../../../functions/experiments/submission-store.ts';
import { toldChanges } from '../../../functions/experiments/told-changes.ts';
import type { ExperimentStatusChanged } from '../../../functions/shared/contracts/experiment-view.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import type { ExperimentItem } from '../../../functions/shared/table/experiment.ts';
import type { Action } from '../../../functions/stages/actions.ts';
import { failureOf } from '../../../functions/stages/closing.ts';
import { experimentChange } from '../../../functions/stages/experiment-change.ts';
import { anExperiment } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

const ALWAYS = { from: '0000', to: '9999' };

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

/** What the stream says of a write, as far as it is looked at. */
const recordOf = (now: ExperimentItem, before: ExperimentItem | undefined): DynamoDBRecord => {
  const image = ({ id, tenant, status, revision, run, stage, updatedAt }: ExperimentItem) => ({
    ...{ sk: { S: 'experiment' }, id: { S: id }, tenant: { S: tenant }, status: { S: status } },
    ...{ revision: { N: String(revision) }, run: { N: String(run) }, updatedAt: { S: updatedAt } },
    ...(stage ? { stage: { S: stage } } : {}),
  });
  return { dynamodb: { NewImage: image(now), ...(before ? { OldImage: image(before) } : {}) } };
};

/** Two runs of an experiment, written as they are written in production; what the stream tells of them. */
const twoRuns = async () => {
  let milliseconds = Date.parse('2026-11-22T07:00:00.000Z');
  const store = experimentStore(aws.table, { now: () => new Date(milliseconds++) });
  let experiment = anExperiment();
  await submissionStore(aws.table).store(experiment, undefined);
  const told: (ExperimentStatusChanged | undefined)[] = [statusChange(recordOf(experiment, undefined))];
  const write = async (change: Parameters<typeof store.write>[1] | undefined) => {
    if (!change) throw new Error('nothing to write');
    const before = experiment;
    experiment = await store.write(before, change);
    told.push(statusChange(recordOf(experiment, before)));
  };
  const act = (...actions: Action[]) => write(experimentChange(experiment, actions, new Date(milliseconds).toISOString()));
  const entered = (run: number, stage: 'ingest' | 'prepare', attempt: number): Action => ({
    type: 'EnterAttempt',
    at: { experimentId: experiment.id, run, stage, attempt },
    queue: 'cpu-spot',
  });
  await act({ type: 'BeginRunning', run: 1 }, entered(1, 'ingest', 1));
  await act(entered(1, 'prepare', 1));
  await act(entered(1, 'prepare', 2));
  await act({ type: 'Close', run: 1, status: 'failed', failure: failureOf('Stage.Failed', 'x') });
  await write({
    status: 'queued',
    patch: { run: 2, stage: null, current: null, failure: null },
    events: [{ type: 'experiment.queued', message: 'Resumed as run 2.' }],
  });
  await act({ type: 'BeginRunning', run: 2 });
  await act(entered(2, 'ingest', 1));
  await act({ type: 'BeginCancelling', run: 2, message: 'The execution was stopped from outside.' });
  await act({ type: 'Close', run: 2, status: 'cancelled' });
  const { data: history } = await eventEntity(aws.table).query.ofExperiment({ experimentId: experiment.id }).go({ pages: 'all' });
  return { experiment, history, told: told.filter((change) => change !== undefined) };
};

describe('the history', () => {
  it('tells of every change of status exactly what the stream told, under the same event ids', async () => {
    const { experiment, history, told } = await twoRuns();
    expect(told.map(({ status, stage }) => [status, stage])).toEqual([
      ['queued', null],
      ['running', 'ingest'],
      ['failed', 'prepare'],
      ['queued', null],
      ['running', null],
      ['cancelling', 'ingest'],
      ['cancelled', 'ingest'],
    ]);
    expect(toldChanges(experiment, history, ALWAYS)).toEqual(told);
  });

  it('tells only of the time that is asked for, both ends included', async () => {
    const { experiment, history, told } = await twoRuns();
    const [, second, third, fourth] = told;
    const window = { from: second?.at ?? '', to: fourth?.at ?? '' };
    expect(toldChanges(experiment, history, window)).toEqual([second, third, fourth]);
  });
});
