import { isFinal } from '../shared/contracts/experiment-view.ts';
import type { Stage, StageError } from '../shared/contracts/names.ts';
import type { StageProgress } from '../shared/contracts/stage-documents.ts';
import type { AttemptItem } from '../shared/table/attempt.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { Action } from './actions.ts';
import { compareAttempts, newestAttempt, sameAttempt } from './attempt-order.ts';
import { closing, isGone } from './closing.ts';
import type { ExecutionView } from './execution-view.ts';
import { isEnded, type JobView, statusRank } from './job-view.ts';
import { type KeptProgress, stoodStillSince } from './progress-news.ts';
import type { QueueView } from './queue-view.ts';
import { decideFailure, type FailureDecision, settingsAfter } from './stage-failure.ts';
import { judgeResult } from './stage-result.ts';
import { capacityUnavailable, whyWaiting } from './waiting.ts';

export type StoredExperiment = Pick<
  ExperimentItem,
  'id' | 'status' | 'run' | 'updatedAt' | 'spec' | 'stage' | 'current' | 'inputs' | 'stages' | 'failure' | 'waiting'
>;
export type StoredAttempt = Pick<
  AttemptItem,
  'run' | 'stage' | 'attempt' | 'jobId' | 'status' | 'createdAt' | 'startedAt' | 'error' | 'reportedAt'
>;

/** `experiment` undefined: there is no such experiment. */
export type Stored = { experiment: StoredExperiment | undefined; attempts: readonly StoredAttempt[] };
/** `complete`: every job of the experiment that is alive is among these. `queue`: the one that the newest job waits in, where it was looked at. */
export type BatchView = { jobs: readonly JobView[]; complete: boolean; queue?: QueueView | undefined };
/** `document` is the current attempt's progress.json; `unknown` when it was not read or could not be. */
export type ProgressView = { kept: KeptProgress | undefined; document: StageProgress | 'absent' | 'unknown' };
export type Limits = { hangSeconds: Readonly<Record<Stage, number>>; startAfterSeconds: number };

export const NO_PROGRESS: ProgressView = { kept: undefined, document: 'unknown' };

/** A job that waits longer than this is worth a word: a fresh host takes about a minute to come up. */
const WAITING_AFTER_SECONDS = 60;

const secondsBetween = (from: number, to: Date): number => (to.getTime() - from) / 1000;

/**
 * The one place that decides what happens to an experiment, from what is stored and what Batch, Step Functions and the stages say. Any
 * of them may be late, doubled, missing or in the wrong order; a view may be partial (one event). Pure.
 * @returns what to do, in no particular order; nothing when all is well
 */
export const reconcile = (
  stored: Stored,
  batch: BatchView,
  execution: ExecutionView,
  progress: ProgressView,
  now: Date,
  limits: Limits,
): Action[] => {
  const { experiment } = stored;
  if (!experiment) return orphans(batch.jobs, now, limits);
  const ofThisRun = [...batch.jobs.map(({ at }) => at), ...stored.attempts].filter(({ run }) => run === experiment.run);
  const current = newestAttempt(experiment.current?.run === experiment.run ? [...ofThisRun, experiment.current] : ofThisRun);
  const job = current && jobOf(batch.jobs, stored.attempts, current);
  const settled = job ? settle(stored, experiment, job, execution) : [];
  const kept = settled.find((action) => action.type === 'KeepResult');
  const alive = batch.jobs.filter((candidate) => !isEnded(candidate));
  // The view of the current job may be an old one, but the job is current all the same.
  const currentId = job?.jobId ?? (current && stored.attempts.find((attempt) => sameAttempt(attempt, current))?.jobId);
  const over = overBecause(execution, isGone({ experiment, execution, now, limits }));
  return [
    ...begin(experiment, batch.jobs, execution, now, limits),
    ...settled,
    ...endsOfEarlierRuns(stored, experiment, batch.jobs),
    ...(job ? waiting(experiment, job, batch.queue, now) : []),
    ...(job && batch.queue && experiment.status === 'running' && isRunning(execution) ? climb(job, batch.queue, now) : []),
    ...(job ? watch(stored, job, progress, execution, now, limits) : []),
    ...alive.flatMap((candidate) => terminate(experiment, candidate, candidate.jobId === currentId, over)),
    ...stop(experiment, alive, execution),
    ...closing({ experiment, execution, kept, nothingAlive: batch.complete && alive.length === 0, now, limits }),
  ];
};

/** Jobs of an experiment that is not stored. A young one may be ahead of our reading; an old one belongs to nobody. */
const orphans = (jobs: readonly JobView[], now: Date, limits: Limits): Action[] =>
  jobs
    .filter((job) => !isEnded(job) && secondsBetween(job.createdAt ?? 0, now) > limits.startAfterSeconds)
    .map((job) => ({
      type: 'TerminateJob',
      jobId: job.jobId,
      reason: `Stage.Superseded: there is no experiment ${job.at.experimentId}`,
    }));

/**
 * The job of an attempt. A submit that AWS repeated makes two of one name: the later one carries the token that counts, so an older
 * one, or an older state of the same one, is not the attempt's job.
 */
const jobOf = (
  jobs: readonly JobView[],
  attempts: readonly StoredAttempt[],
  current: { run: number; stage: Stage; attempt: number },
): JobView | undefined => {
  const known = attempts.find((attempt) => sameAttempt(attempt, current));
  const newest = jobs
    .filter(({ at }) => sameAttempt(at, current))
    .reduce<JobView | undefined>((best, job) => (best && precedes(job, best) ? best : job), undefined);
  if (!newest || !known) return newest;
  if (newest.jobId !== known.jobId) return (newest.createdAt ?? 0) > Date.parse(known.createdAt ?? '') ? newest : undefined;
  return statusRank(newest.status) < statusRank(known.status) ? undefined : newest;
};

const precedes = (a: JobView, b: JobView): boolean =>
  a.jobId === b.jobId ? statusRank(a.status) < statusRank(b.status) : (a.createdAt ?? 0) < (b.createdAt ?? 0);

/** The stored experiment runs when its execution does, or when a job of it exists; it starts when nothing of it does. */
const begin = (
  experiment: StoredExperiment,
  jobs: readonly JobView[],
  execution: ExecutionView,
  now: Date,
  limits: Limits,
): Action[] => {
  if (experiment.status !== 'queued') return [];
  const { run } = experiment;
  const aborted = execution.state === 'seen' && execution.status === 'ABORTED';
  if (!aborted && (execution.state === 'seen' || jobs.some(({ at }) => at.run === run))) return [{ type: 'BeginRunning', run }];
  const overdue = secondsBetween(Date.parse(experiment.updatedAt), now) > limits.startAfterSeconds;
  return execution.state === 'absent' && overdue ? [{ type: 'StartExecution', run }] : [];
};

/** What is left to do for the current attempt; of an experiment that is over, only to keep how its last job ended. */
const settle = (stored: Stored, experiment: StoredExperiment, job: JobView, execution: ExecutionView): Action[] => {
  const actions = report(stored, experiment, job, execution);
  return isFinal(experiment.status) ? actions.filter(({ type }) => type === 'WriteAttempt') : actions;
};

/** Keeps what Batch says of the current attempt and, once it has ended, reports it to the execution that waits for it. */
const report = (stored: Stored, experiment: StoredExperiment, job: JobView, execution: ExecutionView): Action[] => {
  const { at } = job;
  const known = stored.attempts.find((attempt) => sameAttempt(attempt, at) && attempt.jobId === job.jobId);
  const earlier = errorsBefore(stored.attempts, job);
  const rungs = experiment.spec.pins.ladders[at.stage].length;
  const settings = settingsAfter(earlier, rungs);
  const entered: Action[] =
    experiment.current && compareAttempts(experiment.current, at) >= 0 ? [] : [{ type: 'EnterAttempt', at, queue: job.queue }];
  const write = (error: StageError | null): Action[] =>
    known &&
    known.status === job.status &&
    (known.error ?? null) === error &&
    (known.startedAt ?? null) === instant(job.startedAt)
      ? []
      : [{ type: 'WriteAttempt', job, error, ...settings }];
  if (!isEnded(job)) {
    const written = write(null);
    const started = job.status === 'RUNNING' && known?.status !== 'RUNNING';
    return [...entered, ...written, ...(started ? [{ type: 'NoteStarted' as const, at }] : [])];
  }
  if (known?.reportedAt) return entered;

  const waits = job.taskToken !== null && (execution.state === 'unknown' || isRunning(execution));
  const result = judgeResult(at, job.result);
  if (job.status === 'SUCCEEDED' && result.verdict === 'succeeded' && experiment.status !== 'cancelling') {
    const { manifest, summary } = result;
    const stale = experiment.inputs?.[at.stage] !== manifest;
    return [
      ...entered,
      ...write(null),
      ...(stale ? [{ type: 'KeepResult' as const, at, manifest, summary }] : []),
      ...(waits ? [{ type: 'CompleteTask' as const, at, jobId: job.jobId, taskToken: job.taskToken ?? '', manifest }] : []),
    ];
  }
  const { maxAttempts } = experiment.spec.compute;
  const decision = decideFailure({ status: experiment.status, job, result, earlier, maxAttempts, rungs });
  const written = write(decision.error);
  return [
    ...entered,
    ...written,
    ...(written.length > 0 || isUnkept(experiment, at, decision) ? [{ type: 'KeepFailure' as const, at, decision }] : []),
    ...(waits && decision.action !== 'end'
      ? [{ type: 'FailTask' as const, at, jobId: job.jobId, taskToken: job.taskToken ?? '', decision }]
      : []),
  ];
};

/** How attempts of earlier runs ended, where the resume was faster than the news of it: all that is still kept of those runs. */
const endsOfEarlierRuns = (stored: Stored, experiment: StoredExperiment, jobs: readonly JobView[]): Action[] =>
  jobs
    .filter((job) => job.at.run < experiment.run && isEnded(job))
    .filter((job) => stored.attempts.some((attempt) => attempt.jobId === job.jobId && !isEnded(attempt)))
    .map((job) => {
      const rungs = experiment.spec.pins.ladders[job.at.stage].length;
      return { type: 'WriteAttempt', job, error: null, ...settingsAfter(errorsBefore(stored.attempts, job), rungs) };
    });

const isRunning = (execution: ExecutionView): boolean => execution.state === 'seen' && execution.status === 'RUNNING';

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** How the earlier attempts of this run and stage ended, oldest first: what the budgets are counted from. */
const errorsBefore = (attempts: readonly StoredAttempt[], { at }: JobView): StageError[] =>
  attempts
    .filter((attempt) => attempt.run === at.run && attempt.stage === at.stage && attempt.attempt < at.attempt)
    .sort(compareAttempts)
    .flatMap(({ error }) => (error ? [error] : []));

const isUnkept = ({ failure }: StoredExperiment, at: JobView['at'], { action, error }: FailureDecision): boolean =>
  (action === 'fail' || action === 'reject') &&
  !(failure?.stage === at.stage && failure.attempt === at.attempt && failure.error === error);

/** Says why the current job does not run yet, for as long as it does not. */
const waiting = (experiment: StoredExperiment, job: JobView, queue: QueueView | undefined, now: Date): Action[] => {
  const { at } = job;
  if (job.status !== 'RUNNABLE') return experiment.waiting && !isFinal(experiment.status) ? [{ type: 'StopWaiting', at }] : [];
  const reason = queue ? sentence(job, queue, now) : guess(experiment, job, now);
  if (!reason || experiment.status !== 'running' || experiment.waiting?.reason === reason) return [];
  return [{ type: 'StartWaiting', at, reason, since: instant(job.createdAt) ?? now.toISOString() }];
};

const isWorthAWord = (job: JobView, now: Date): boolean =>
  secondsBetween(job.createdAt ?? now.getTime(), now) > WAITING_AFTER_SECONDS;

const sentence = (job: JobView, queue: QueueView, now: Date): string | undefined => {
  const { kind, reason } = whyWaiting(job, queue);
  return kind === 'host' && !isWorthAWord(job, now) ? undefined : reason;
};

/** What one event tells without its queue; what is known already came from a better view. */
const guess = (experiment: StoredExperiment, job: JobView, now: Date): string | undefined => {
  if (experiment.waiting) return undefined;
  return job.statusReason ?? (isWorthAWord(job, now) ? `No host of ${job.queue} is free for it yet.` : undefined);
};

/** Takes the current job out of a queue that gets no machines. Cancelled, not terminated: a job that starts meanwhile goes on. */
const climb = (job: JobView, queue: QueueView, now: Date): Action[] => {
  const reason = job.status === 'RUNNABLE' ? capacityUnavailable(job, queue, now) : undefined;
  return reason ? [{ type: 'CancelJob', jobId: job.jobId, reason }] : [];
};

/** Adopts progress whose event was lost, and ends a job that stood still for its limit in events and in progress.json alike. */
const watch = (
  stored: Stored,
  job: JobView,
  progress: ProgressView,
  execution: ExecutionView,
  now: Date,
  limits: Limits,
): Action[] => {
  if (job.status !== 'RUNNING' || progress.document === 'unknown' || !isRunning(execution)) return [];
  if (stored.experiment?.status !== 'running') return [];
  const still = stoodStillSince(job, progress.kept, progress.document === 'absent' ? undefined : progress.document, now);
  if (still.news) return [{ type: 'KeepProgress', progress: still.news }, ...hung(job, still, now, limits)];
  return hung(job, still, now, limits);
};

const hung = (job: JobView, still: { since: number; where: string }, now: Date, limits: Limits): Action[] => {
  const limit = limits.hangSeconds[job.at.stage];
  if (secondsBetween(still.since, now) <= limit) return [];
  return [{ type: 'TerminateJob', jobId: job.jobId, reason: `Stage.Hung: no progress for ${limit} s, last ${still.where}` }];
};

/**
 * Ends the execution of a cancelled run. One that is not shown may have been started a moment ago, and a job that is alive was submitted by
 * somebody; to stop what never was, or is over, changes nothing.
 */
const stop = (experiment: StoredExperiment, alive: readonly JobView[], execution: ExecutionView): Action[] => {
  const { status, run } = experiment;
  if (status !== 'cancelling' && status !== 'cancelled') return [];
  const unseen = execution.state === 'absent' && status === 'cancelling';
  const submits = execution.state !== 'seen' && alive.some(({ at }) => at.run === run);
  return isRunning(execution) || unseen || submits ? [{ type: 'StopExecution', run }] : [];
};

/** A job that is alive and should not be: it is not the current attempt's, or nobody waits for it any more. */
const terminate = (
  experiment: StoredExperiment,
  job: JobView,
  isCurrent: boolean,
  executionOver: string | undefined,
): Action[] => {
  const end = (reason: string): Action[] => [{ type: 'TerminateJob', jobId: job.jobId, reason }];
  // A resume came between our reading of the experiment and our look at Batch: what we know is not about this job.
  if (job.at.run > experiment.run) return [];
  if (experiment.status === 'cancelling' || experiment.status === 'cancelled')
    return end('Stage.Cancelled: the experiment was cancelled');
  if (isFinal(experiment.status)) return end(`Stage.Superseded: the experiment has ended as ${experiment.status}`);
  if (!isCurrent) return end('Stage.Superseded: another attempt has taken its place');
  return executionOver === undefined ? [] : end(`Stage.Superseded: ${executionOver}`);
};

const overBecause = (execution: ExecutionView, gone: boolean): string | undefined => {
  if (gone) return 'its execution no longer exists';
  return execution.state === 'seen' && execution.status !== 'RUNNING'
    ? `its execution has ended as ${execution.status}`
    : undefined;
};
