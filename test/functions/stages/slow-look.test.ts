import { DescribeJobsCommand, ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, it } from 'vitest';
import { superviseExperiments } from '../../../functions/stages/supervise-experiments.ts';
import { anObserver, detailOf } from './an-observer.ts';

it('judges an execution that was not shown by the time of that look, not by the time when the look was over', async () => {
  const given = await anObserver();
  let now = Date.now();
  const { id } = await given.store({ current: { run: 1, stage: 'train', attempt: 1 }, updatedAt: new Date(now).toISOString() });
  const job = detailOf({ experimentId: id });
  given.batch.on(ListJobsCommand).resolves({ jobSummaryList: [job] });
  given.batch.on(DescribeJobsCommand).resolves({ jobs: [job] });
  given.stepFunctions.on(DescribeExecutionCommand).callsFake(() => {
    // The execution is a second old and not shown yet; the answers that follow take two minutes.
    now += 120_000;
    throw Object.assign(new Error('none'), { name: 'ExecutionDoesNotExist' });
  });
  await superviseExperiments({}, { ...given.observer, clock: { now: () => new Date(now) } });
  expect(given.batch.commandCalls(TerminateJobCommand)).toEqual([]);
  expect(await given.stored(id)).toMatchObject({ status: 'running' });
});
