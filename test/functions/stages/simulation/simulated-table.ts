import { changeUntilWon } from '../../../../functions/experiments/change-until-won.ts';
import { isLegalTransition } from '../../../../functions/experiments/experiment-status.ts';
import type { ExperimentChange, ExperimentStore } from '../../../../functions/experiments/experiment-store.ts';
import { ConcurrentChange, IllegalTransition } from '../../../../functions/shared/errors.ts';
import type { AttemptItem } from '../../../../functions/shared/table/attempt.ts';
import { ACTIVE_STATUSES, type ExperimentItem } from '../../../../functions/shared/table/experiment.ts';
import { attemptItemOf } from '../../../../functions/stages/attempt-item.ts';
import { compareAttempts, sameAttempt } from '../../../../functions/stages/attempt-order.ts';
import { statusRank } from '../../../../functions/stages/job-view.ts';
import { isNews, type KeptProgress, movedAt, seenAt } from '../../../../functions/stages/progress-news.ts';
import type { StageStore } from '../../../../functions/stages/stage-store.ts';

/** Makes one call to the table, which may be delayed or fail. */
export type Call = <T>(what: string, effect: () => T) => Promise<T>;

const instant = (at: number): string => new Date(at).toISOString();

/** What is in the table: one experiment, its attempts, its progress and its history. */
export class SimulatedTable {
  experiment: ExperimentItem | undefined;
  attempts: AttemptItem[] = [];
  progress: KeptProgress | undefined;
  /** Types of the history's events, with their attempts. */
  readonly history: string[] = [];
  /** Every state of the experiment, and which function wrote it. */
  readonly writes: { experiment: ExperimentItem; by: string }[] = [];
  readonly now: () => number;

  constructor(experiment: ExperimentItem | undefined, now: () => number) {
    this.experiment = experiment;
    this.now = now;
    if (experiment) this.writes.push({ experiment, by: 'create-experiment' });
  }

  /** The transaction of experiment and history, conditional on revision and status. */
  write(by: string, read: ExperimentItem, { status, patch = {}, events = [] }: ExperimentChange): ExperimentItem {
    if (status !== undefined && !isLegalTransition(read.status, status)) throw new IllegalTransition(read.status, status);
    const stored = this.experiment;
    if (!stored || stored.revision !== read.revision || stored.status !== read.status) throw new ConcurrentChange(read.id);
    const changed = {
      ...stored,
      ...patch,
      status: status ?? stored.status,
      revision: read.revision + 1,
      updatedAt: instant(this.now()),
    };
    const kept = Object.entries(changed).filter(([, value]) => value !== null && value !== undefined);
    this.experiment = Object.fromEntries(kept) as ExperimentItem;
    this.writes.push({ experiment: this.experiment, by });
    for (const { type, stage, attempt } of events)
      this.history.push(`${type} of r${this.experiment.run}${stage && attempt ? `-${stage}-${attempt}` : ''}`);
    return this.experiment;
  }

  /** A put whose condition is that of functions/stages/stage-store.ts. */
  writeAttempt(action: Parameters<StageStore['writeAttempt']>[0]): boolean {
    const { job, error } = action;
    const { at, jobId, status } = job;
    const stored = this.attempts.find((attempt) => sameAttempt(attempt, at));
    const createdAt = job.createdAt === null ? undefined : instant(job.createdAt);
    if (stored) {
      const same = stored.jobId === jobId;
      const later = !same && createdAt !== undefined && stored.createdAt !== undefined && stored.createdAt < createdAt;
      const newer = same && statusRank(stored.status) < statusRank(status);
      const more = (job.startedAt !== null && stored.startedAt === undefined) || (error !== null && stored.error !== error);
      if (!later && !newer && !(same && stored.status === status && stored.reportedAt === undefined && more)) return false;
    }
    const item = attemptItemOf(action);
    this.attempts = [...this.attempts.filter((attempt) => attempt !== stored), item].sort(compareAttempts);
    return true;
  }

  markReported(at: Parameters<StageStore['markReported']>[0], jobId: string): boolean {
    const stored = this.attempts.find((attempt) => sameAttempt(attempt, at));
    if (stored?.jobId !== jobId) return false;
    this.attempts = this.attempts.map((attempt) =>
      attempt === stored ? { ...stored, reportedAt: instant(this.now()) } : attempt,
    );
    return true;
  }
}

/** The table as one invocation sees it. Decides as the real stores do; store-conformance.test.ts compares the two. */
export const simulatedStore = (
  table: SimulatedTable,
  call: Call,
  by: string,
  sees: (experiment: ExperimentItem | undefined) => void = () => {},
): StageStore => {
  const get = (id: string) =>
    call('read the experiment', () => {
      const found = table.experiment?.id === id ? table.experiment : undefined;
      sees(found);
      return found;
    });
  const write = (read: ExperimentItem, change: ExperimentChange) =>
    call(`write the experiment${change.status ? ` ${change.status}` : ''}`, () => table.write(by, read, change));
  const experiments: ExperimentStore = {
    get,
    write,
    transition: (read, status, change = {}) => write(read, { ...change, status }),
    change: (id, decide) => changeUntilWon({ get, write, pause: async () => {} }, id, decide),
    active: () =>
      call('read what is active', () =>
        table.experiment && ACTIVE_STATUSES.some((status) => status === table.experiment?.status) ? [table.experiment] : [],
      ),
  };
  const keptProgress = () => call('read the progress', () => table.progress);
  return {
    experiments,
    attemptsOf: (_, run) => call('read the attempts', () => table.attempts.filter((attempt) => attempt.run === run)),
    writeAttempt: (action) => call(`write ${action.job.jobId} ${action.job.status}`, () => table.writeAttempt(action)),
    markReported: (at, jobId) => call(`mark ${jobId} as reported`, () => table.markReported(at, jobId)),
    keptProgress,
    keepProgress: async (progress) => {
      const kept = await keptProgress();
      if (!isNews(kept, progress)) return false;
      return call('keep the progress', () => {
        // Conditional on what was read; the real store reads again when it loses, as the next report does here.
        if (table.progress !== kept) return false;
        table.progress = { progress, movedAt: movedAt(kept, seenAt(progress, new Date(table.now()))) };
        return true;
      });
    },
  };
};
