import { setTimeout } from 'node:timers/promises';
import type { BatchClient } from '@aws-sdk/client-batch';
import type { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { executionArn } from '../experiments/execution-input.ts';
import { isNamed } from '../shared/aws-errors.ts';
import { ExperimentNotFound } from '../shared/errors.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import { newestAttempt, sameAttempt } from './attempt-order.ts';
import { type ExecutionView, UNKNOWN_EXECUTION, viewOfExecution } from './execution-view.ts';
import { describeJob, jobsOfExperiment } from './find-jobs.ts';
import { isEnded, type JobView } from './job-view.ts';
import { readProgress, readResult } from './read-document.ts';
import { type BatchView, NO_PROGRESS, type ProgressView, type Stored } from './reconcile.ts';
import type { StageStore } from './stage-store.ts';

export type Eyes = {
  store: StageStore;
  s3: S3Client;
  batch: BatchClient;
  stepFunctions: SFNClient;
  bucket: string;
  stateMachineArn: string;
};

/** Everything that `reconcile` looks at, and the item that its changes are written against. */
export type Gathered = {
  experiment: ExperimentItem | undefined;
  stored: Stored;
  batch: BatchView;
  execution: ExecutionView;
  progress: ProgressView;
};

/** The item is written before anything is started, and read consistently: these pauses are for a table that is away for a moment. */
const READ_AGAIN_AFTER_MILLISECONDS = [50, 250];

const readStored = async (
  store: StageStore,
  experimentId: string,
  run: number,
): Promise<{ experiment: ExperimentItem | undefined; stored: Stored }> => {
  const [experiment, attempts] = await Promise.all([store.experiments.get(experimentId), store.attemptsOf(experimentId, run)]);
  return { experiment, stored: { experiment, attempts } };
};

/**
 * What one event of one job shows. The result is read at the same time as the experiment.
 * @throws ExperimentNotFound when a job has ended and its experiment cannot be found: the event has to come again
 */
export const gatherForJob = async ({ store, s3, bucket }: Eyes, job: JobView): Promise<Gathered> => {
  const { at } = job;
  const result = isEnded(job) ? readResult(s3, bucket, at) : ({ state: 'not-read' } as const);
  const reading = async () => {
    let found = await readStored(store, at.experimentId, at.run);
    for (const pause of READ_AGAIN_AFTER_MILLISECONDS) {
      if (found.experiment || !isEnded(job)) break;
      await setTimeout(pause);
      found = await readStored(store, at.experimentId, at.run);
    }
    return found;
  };
  const [found, read] = await Promise.all([reading(), result]);
  if (!found.experiment && isEnded(job)) throw new ExperimentNotFound();
  return {
    ...found,
    batch: { jobs: [{ ...job, result: read }], complete: false },
    execution: UNKNOWN_EXECUTION,
    progress: NO_PROGRESS,
  };
};

/** What is stored, and one execution's state as an event gave it. */
export const gatherForExecution = async (
  { store }: Eyes,
  at: { experimentId: string; run: number },
  execution: ExecutionView,
): Promise<Gathered> => {
  const found = await readStored(store, at.experimentId, at.run);
  // The event is about another run than the stored one: nothing is known of the execution that counts.
  const current = found.experiment?.run === at.run ? execution : UNKNOWN_EXECUTION;
  return { ...found, batch: { jobs: [], complete: false }, execution: current, progress: NO_PROGRESS };
};

const describeExecution = async (
  { stepFunctions, stateMachineArn }: Eyes,
  experimentId: string,
  run: number,
): Promise<ExecutionView> => {
  try {
    const arn = executionArn(stateMachineArn, experimentId, run);
    return viewOfExecution(await stepFunctions.send(new DescribeExecutionCommand({ executionArn: arn })));
  } catch (error) {
    if (isNamed(error, 'ExecutionDoesNotExist')) return { state: 'absent' };
    throw error;
  }
};

const isOver = (execution: ExecutionView): boolean => execution.state === 'seen' && execution.status !== 'RUNNING';

/** An event that says the execution is over is right even where DescribeExecution lags behind; it may tell less of the failure. */
const better = (event: ExecutionView, described: ExecutionView): ExecutionView =>
  isOver(event) && !isOver(described) ? event : described;

/** The whole picture of one run: what is stored, every job of it, its execution and its progress. */
export const gatherAll = async (
  eyes: Eyes,
  at: { experimentId: string; run: number },
  event: ExecutionView = UNKNOWN_EXECUTION,
): Promise<Gathered> => {
  const { store, batch, s3, bucket } = eyes;
  // The execution first: what it did before it ended is stored by then, and it submits nothing more afterwards.
  const described = better(event, await describeExecution(eyes, at.experimentId, at.run));
  const found = await readStored(store, at.experimentId, at.run);
  if (!found.experiment) return { ...found, batch: { jobs: [], complete: false }, execution: described, progress: NO_PROGRESS };
  const execution = found.experiment.run === at.run ? described : UNKNOWN_EXECUTION;
  const queues = [...new Set(Object.values(found.experiment.spec.pins.ladders).flat())];
  const jobs = await jobsOfExperiment(batch, queues, at.experimentId);
  const newest = newestAttempt(jobs.filter((job) => job.at.run === at.run).map((job) => job.at));
  const [completed, progress] = await Promise.all([
    Promise.all(jobs.map((job) => (newest && sameAttempt(job.at, newest) ? complete(eyes, found.stored, job) : job))),
    progressOf(jobs.find((job) => newest && job.status === 'RUNNING' && sameAttempt(job.at, newest))),
  ]);
  return { ...found, batch: { jobs: completed, complete: true }, execution, progress };

  async function progressOf(job: JobView | undefined): Promise<ProgressView> {
    if (!job) return NO_PROGRESS;
    const [kept, document] = await Promise.all([store.keptProgress(at.experimentId), readProgress(s3, bucket, job.at)]);
    return { kept, document };
  }
};

/** An ended job that has not been reported yet needs its token and its result. */
const complete = async ({ batch, s3, bucket }: Eyes, { attempts }: Stored, job: JobView): Promise<JobView> => {
  const reported = attempts.some((attempt) => attempt.jobId === job.jobId && attempt.reportedAt !== undefined);
  if (!isEnded(job) || reported) return job;
  const [described, result] = await Promise.all([describeJob(batch, job.jobId), readResult(s3, bucket, job.at)]);
  return { ...(described ?? job), result };
};
