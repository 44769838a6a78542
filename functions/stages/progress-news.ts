import { instantOf } from '../shared/clock.ts';
import type { StageProgress } from '../shared/contracts/stage-documents.ts';
import type { ProgressItem } from '../shared/table/progress.ts';
import { compareAttempts, sameAttempt } from './attempt-order.ts';
import type { JobView } from './job-view.ts';

export type KeptProgress = Pick<ProgressItem, 'progress' | 'movedAt'>;

/** Order is by (run, stage, attempt, sequence), never by clock. */
export const isNews = (kept: KeptProgress | undefined, progress: StageProgress): boolean =>
  !kept || (compareAttempts(kept.progress, progress) || kept.progress.sequence - progress.sequence) < 0;

const stoodStill = (before: StageProgress, after: StageProgress): boolean =>
  sameAttempt(before, after) && before.step === after.step && before.fraction === after.fraction;

/** When step or fraction last moved, given what was kept before. `at` of what comes in is taken for the time: see `seenAt`. */
export const movedAt = (kept: KeptProgress | undefined, progress: StageProgress): string =>
  kept && stoodStill(kept.progress, progress) ? kept.movedAt : progress.at;

/** As of when we see it: the clock of a container may be wrong by hours, and nobody is called hung for that. */
export const seenAt = (progress: StageProgress, now: Date): StageProgress => ({ ...progress, at: instantOf(now) });

export type StandStill = {
  /** Milliseconds since 1970. */
  since: number;
  /** For the reader of a TerminateJob reason. */
  where: string;
  /** The document, when its event was lost. */
  news: StageProgress | undefined;
};

/** Since when a job has stood still, by events and progress.json together. Being alive (a rising sequence) is not movement. */
export const stoodStillSince = (
  job: Pick<JobView, 'at' | 'startedAt'>,
  kept: KeptProgress | undefined,
  document: StageProgress | undefined,
  now: Date,
): StandStill => {
  const ours = kept && sameAttempt(kept.progress, job.at) ? kept : undefined;
  const news = document && sameAttempt(document, job.at) && isNews(kept, document) ? document : undefined;
  const latest = news ?? ours?.progress;
  const moved = news ? movedAt(ours, seenAt(news, now)) : ours?.movedAt;
  return {
    since: Math.max(job.startedAt ?? Number.POSITIVE_INFINITY, moved === undefined ? 0 : Date.parse(moved)),
    where: latest ? `at step ${latest.step} of ${latest.totalSteps}` : 'before it reported anything',
    news,
  };
};
