import { type ExperimentStore, experimentStore } from '../experiments/experiment-store.ts';
import { isNamed } from '../shared/aws-errors.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { type AttemptId, STAGES } from '../shared/contracts/names.ts';
import type { StageProgress } from '../shared/contracts/stage-documents.ts';
import { type AttemptItem, attemptEntity } from '../shared/table/attempt.ts';
import { progressEntity, progressOrder } from '../shared/table/progress.ts';
import type { Table } from '../shared/table/table.ts';
import type { ActionOf } from './actions.ts';
import { attemptItemOf } from './attempt-item.ts';
import { type BatchStatus, statusRank } from './job-view.ts';
import { isNews, type KeptProgress, movedAt, seenAt } from './progress-news.ts';

export type StageStore = ReturnType<typeof stageStore>;

const LOST = 'ConditionalCheckFailedException';
/** One writer per attempt and the supervisor: losing four times in a row does not happen. */
const PROGRESS_TRIES = 4;

const BATCH_ORDER: readonly BatchStatus[] = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING'];

/** True when the write happened, false when its condition did not hold. */
const won = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (isNamed(error, LOST)) return false;
    throw error;
  }
};

/** Attempts and progress of experiments, written so that nothing newer is overwritten by anything older. */
export const stageStore = (table: Table, clock: Clock = systemClock) => {
  const attempts = attemptEntity(table);
  const progresses = progressEntity(table);
  const experiments: ExperimentStore = experimentStore(table, clock);

  const attemptsOf = async (experimentId: string, run: number): Promise<AttemptItem[]> =>
    (await attempts.query.ofExperiment({ experimentId, run }).go({ pages: 'all', consistent: true })).data;

  /** @returns false when something as new was there already */
  const writeAttempt = (action: ActionOf<'WriteAttempt'>): Promise<boolean> => {
    const { jobId, status } = action.job;
    const item = attemptItemOf(action);
    const earlier = BATCH_ORDER.filter((candidate) => statusRank(candidate) < statusRank(status));
    return won(
      attempts
        .put(item)
        .where((stored, { eq, ne, lt, notExists }) => {
          const older = earlier.map((candidate) => eq(stored.status, candidate));
          const completed = [
            ...(item.startedAt ? [notExists(stored.startedAt)] : []),
            ...(item.error ? [ne(stored.error, item.error)] : []),
          ].map((more) => `(${eq(stored.status, status)} AND ${notExists(stored.reportedAt)} AND ${more})`);
          const news = [...older, ...completed];
          return [
            notExists(stored.jobId),
            ...(item.createdAt ? [`(${ne(stored.jobId, jobId)} AND ${lt(stored.createdAt, item.createdAt)})`] : []),
            ...(news.length > 0 ? [`(${eq(stored.jobId, jobId)} AND (${news.join(' OR ')}))`] : []),
          ].join(' OR ');
        })
        .go(),
    );
  };

  /** Remembers that the execution has been told how this job ended. */
  const markReported = (at: AttemptId, jobId: string): Promise<boolean> =>
    won(
      attempts
        .patch({ experimentId: at.experimentId, run: at.run, stageIndex: STAGES.indexOf(at.stage), attempt: at.attempt })
        .set({ reportedAt: instantOf(clock.now()) })
        .where((stored, { eq }) => eq(stored.jobId, jobId))
        .go(),
    );

  const keptProgress = async (experimentId: string): Promise<KeptProgress | undefined> =>
    (await progresses.get({ experimentId }).go({ consistent: true })).data ?? undefined;

  /** Keeps progress if it is news. @returns whether it was */
  const keepProgress = async (progress: StageProgress): Promise<boolean> => {
    for (let tries = 1; tries <= PROGRESS_TRIES; tries++) {
      const kept = await keptProgress(progress.experimentId);
      if (!isNews(kept, progress)) return false;
      const item = {
        experimentId: progress.experimentId,
        order: progressOrder(progress),
        progress,
        movedAt: movedAt(kept, seenAt(progress, clock.now())),
      };
      const unchanged = kept && progressOrder(kept.progress);
      const written = progresses
        .put(item)
        .where(({ order }, { eq, notExists }) => (unchanged ? eq(order, unchanged) : notExists(order)))
        .go();
      if (await won(written)) return true;
    }
    return false;
  };

  return { experiments, attemptsOf, writeAttempt, markReported, keptProgress, keepProgress };
};
