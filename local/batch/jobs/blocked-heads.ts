import type { Clock } from '../clock.ts';
import type { JobRecord } from '../state/job-record.ts';
import type { JobQueueRecord } from '../state/resources.ts';

/** A job that holds up its queue. */
export interface BlockedHead {
  job: JobRecord;
  queue: JobQueueRecord;
  /** The cause in AWS's words, `CAUSE - explanation`. */
  statusReason: string;
}

interface Watched {
  cause: string;
  /** On the executor's clock. */
  since: number;
  callOff: () => void;
}

/**
 * Carries out `jobStateTimeLimitActions`: a job that has held up its queue for one cause as long as the queue's action for that
 * cause says is cancelled. The time counts from when the job began to block, and anew after a restart of the executor.
 * https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html
 */
export class BlockedHeads {
  readonly #clock: Clock;
  readonly #cancel: (job: JobRecord, reason: string) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(clock: Clock, cancel: (job: JobRecord, reason: string) => void) {
    this.#clock = clock;
    this.#cancel = cancel;
  }

  /** Told all heads that block now; whoever is not among them blocks no more. */
  update(heads: readonly BlockedHead[]): void {
    const before = new Map(this.#watched);
    this.#watched.clear();
    for (const { callOff } of before.values()) callOff();
    for (const { job, queue, statusReason } of heads) {
      const cause = statusReason.split(' - ')[0] ?? statusReason;
      const known = before.get(job.jobId);
      const since = known?.cause === cause ? known.since : this.#clock.now();
      this.#watched.set(job.jobId, { cause, since, callOff: this.#plan(job, queue, cause, since) });
    }
  }

  #plan(job: JobRecord, queue: JobQueueRecord, cause: string, since: number): () => void {
    const action = queue.jobStateTimeLimitActions.find(
      (each) => each.reason === cause && each.state === 'RUNNABLE' && each.action === 'CANCEL',
    );
    if (!action) return () => {};
    const left = since + action.maxTimeSeconds * 1000 - this.#clock.now();
    return this.#clock.after(left, () => this.#cancel(job, `Canceled by JobStateTimeLimit action due to reason: ${cause}`));
  }
}
