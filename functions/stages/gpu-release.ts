import type { Stage } from '../shared/contracts/names.ts';
import { isEnded, type JobView } from './job-view.ts';

/** Whether a stage's queues hold anything of an experiment that is still alive. */
export type GpuRelease =
  /** `last`: the job whose instance is free now; undefined when Batch has forgotten it, which takes a week. */
  { released: true; last: JobView | undefined } | { released: false; alive: readonly JobView[] };

/**
 * Judges by the jobs themselves, not by records of them: every job of the experiment that its GPU queues know, whatever run it belongs to.
 * Other experiments' jobs do not matter, so that a pool that others use is never waited for.
 */
export const judgeRelease = (stage: Stage, jobs: readonly JobView[]): GpuRelease => {
  const alive = jobs.filter((job) => !isEnded(job));
  if (alive.length > 0) return { released: false, alive };
  const last = jobs
    .filter(({ at, status }) => at.stage === stage && status === 'SUCCEEDED')
    .reduce<JobView | undefined>((newest, job) => ((newest?.stoppedAt ?? 0) > (job.stoppedAt ?? 0) ? newest : job), undefined);
  return { released: true, last };
};

/** For the history: what was looked at, and what was found. */
export const releaseMessage = (queues: readonly string[], last: JobView | undefined): string => {
  const job = last
    ? `Job ${last.jobId} ended ${last.status}${last.stoppedAt ? ` at ${new Date(last.stoppedAt).toISOString()}` : ''}; no`
    : 'No';
  return `${job} other attempt of this experiment is left in ${queues.join(', ')}.`;
};
