import { setTimeout } from 'node:timers/promises';
import type { BatchClient } from '@aws-sdk/client-batch';
import type { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { executionArn } from '../experiments/execution-input.ts';
import { pinnedQueues } from '../experiments/pinned.ts';
import { isNamed } from '../shared/aws-errors.ts';
import type { Clock } from '../shared/clock.ts';
import { ExperimentNotFound } from '../shared/errors.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import { newestAttempt, sameAttempt } from './attempt-order.ts';
import { type ExecutionView, UNKNOWN_EXECUTION, viewOfExecution } from './execution-view.ts';
import { describeJob, jobsOfExperiment } from './find-jobs.ts';
import { isEnded, type JobView } from './job-view.ts';
import type { QueueView } from './queue-view.ts';
import { findStacks, readProgress, readResult } from './read-document.ts';
import { type BatchView, NO_PROGRESS, type ProgressView, type Stored } from './reconcile.ts';
import { namedByUs } from './stage-failure.ts';
import type { StageStore } from './stage-store.ts';

export type Eyes = {
  store: StageStore;
  s3: S3Client;
  batch: BatchClient;
  stepFunctions: SFNClient;
  bucket: string;
  stateMachineArn: string;
  clock: Clock;
};

/** Everything that `reconcile` looks at, and the item that its changes are written against. */
export type Gathered = {
  /** When looking began. What was seen first is as old as this when all has been seen, and is not to be judged by a later clock. */
  asOf: Date;
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
export const gatherForJob = async ({ store, s3, bucket, clock }: Eyes, job: JobView): Promise<Gathered> => {
  const { at } = job;
  const asOf = clock.now();
  const result = isEnded(job) ? readResult(s3, bucket, at) : ({ state: 'not-read' } as const);
  const stacks = stacksOf(s3, bucket, job);
  const reading = async () => {
    let found = await readStored(store, at.experimentId, at.run);
    for (const pause of READ_AGAIN_AFTER_MILLISECONDS) {
      if (found.experiment || !isEnded(job)) break;
      await setTimeout(pause);
      found = await readStored(store, at.experimentId, at.run);
    }
    return found;
  };
  const [found, read, dump] = await Promise.all([reading(), result, stacks]);
  if (!found.experiment && isEnded(job)) throw new ExperimentNotFound();
  return {
    ...found,
    asOf,
    batch: { jobs: [{ ...job, result: read, stacks: dump }], complete: false },
    execution: UNKNOWN_EXECUTION,
    progress: NO_PROGRESS,
  };
};

/** What is stored, and one execution's state as an event gave it. */
export const gatherForExecution = async (
  { store, clock }: Eyes,
  at: { experimentId: string; run: number },
  execution: ExecutionView,
): Promise<Gathered> => {
  const asOf = clock.now();
  const found = await readStored(store, at.experimentId, at.run);
  // The event is about another run than the stored one: nothing is known of the execution that counts.
  const current = found.experiment?.run === at.run ? execution : UNKNOWN_EXECUTION;
  return { ...found, asOf, batch: { jobs: [], complete: false }, execution: current, progress: NO_PROGRESS };
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

/**
 * The whole picture of the run that counts: what is stored, every job of the experiment, the run's execution and progress. An event or a
 * list may still tell of an earlier run; that one is over.
 */
export const gatherAll = async (
  eyes: Eyes,
  at: { experimentId: string; run: number },
  event: ExecutionView = UNKNOWN_EXECUTION,
  queueOf: (job: JobView) => Promise<QueueView | undefined> = async () => undefined,
): Promise<Gathered> => {
  const { store, batch, s3, bucket, clock } = eyes;
  const asOf = clock.now();
  // The execution first: what it did before it ended is stored by then, and it submits nothing more afterwards.
  const described = better(event, await describeExecution(eyes, at.experimentId, at.run));
  const found = await readStored(store, at.experimentId, at.run);
  if (!found.experiment)
    return { ...found, asOf, batch: { jobs: [], complete: false }, execution: described, progress: NO_PROGRESS };
  const { run } = found.experiment;
  if (run !== at.run) return gatherAll(eyes, { experimentId: at.experimentId, run }, UNKNOWN_EXECUTION, queueOf);
  const jobs = await jobsOfExperiment(batch, pinnedQueues(found.experiment.spec), at.experimentId);
  const earlier = [...new Set(jobs.map((job) => job.at.run))].filter((before) => before < run);
  const past = await Promise.all(earlier.map((before) => store.attemptsOf(at.experimentId, before)));
  const stored = { ...found.stored, attempts: [...found.stored.attempts, ...past.flat()] };
  const newest = newestAttempt(jobs.filter((job) => job.at.run === at.run).map((job) => job.at));
  const current = (status: JobView['status']) =>
    jobs.find((job) => newest && job.status === status && sameAttempt(job.at, newest));
  const waits = current('RUNNABLE');
  const [completed, progress, queue] = await Promise.all([
    Promise.all(jobs.map((job) => (newest && sameAttempt(job.at, newest) ? complete(eyes, found.stored, job) : job))),
    progressOf(current('RUNNING')),
    waits && queueOf(waits),
  ]);
  return { ...found, stored, asOf, batch: { jobs: completed, complete: true, queue }, execution: described, progress };

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
  const [described, result, stacks] = await Promise.all([
    describeJob(batch, job.jobId),
    readResult(s3, bucket, job.at),
    stacksOf(s3, bucket, job),
  ]);
  return { ...(described ?? job), result, stacks };
};

/** Only somebody who asks why an attempt hung looks for its stacks. */
const stacksOf = async (s3: S3Client, bucket: string, { at, statusReason }: JobView): Promise<string | undefined> =>
  namedByUs(statusReason ?? '') === 'Stage.Hung' ? findStacks(s3, bucket, at) : undefined;
