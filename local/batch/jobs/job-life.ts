import type { Ending } from '../attempts/ending.ts';
import type { EventEmitter } from '../events/event-emitter.ts';
import type { AttemptRecord, JobRecord } from '../state/job-record.ts';
import { isRetried } from './retry.ts';

/**
 * The transitions of a job: SUBMITTED → PENDING → RUNNABLE → STARTING → RUNNING → SUCCEEDED or FAILED, and back to RUNNABLE for a
 * retry. Each is on disk before its event leaves. Nothing here starts or ends a process.
 */
export class JobLife {
  readonly #save: (job: JobRecord) => void;
  readonly #emitter: EventEmitter;

  /** `save` never throws. */
  constructor(save: (job: JobRecord) => void, emitter: EventEmitter) {
    this.#save = save;
    this.#emitter = emitter;
  }

  waits(job: JobRecord): void {
    job.status = 'PENDING';
    this.#changed(job);
  }

  becomesRunnable(job: JobRecord): void {
    job.status = 'RUNNABLE';
    this.#changed(job);
  }

  /** A RUNNABLE job stands at the head of its queue and cannot start, as `statusReason` says. */
  blocks(job: JobRecord, statusReason: string): void {
    if (job.statusReason === statusReason) return;
    job.statusReason = statusReason;
    const send = this.#emitter.queueBlocked(job, Date.now());
    this.#save(job);
    send();
  }

  /** A RUNNABLE job only waits for its turn. */
  isNotBlocked(job: JobRecord): void {
    if (job.statusReason === undefined) return;
    delete job.statusReason;
    this.#save(job);
  }

  starts(job: JobRecord, attempt: AttemptRecord): void {
    job.status = 'STARTING';
    delete job.statusReason;
    job.current = attempt;
    this.#changed(job);
  }

  runs(job: JobRecord, startedAt: number, pid: number): void {
    job.status = 'RUNNING';
    job.startedAt = startedAt;
    if (job.current) Object.assign(job.current, { startedAt, pid });
    this.#changed(job, startedAt);
  }

  /** A user asked for the end; the job goes on until its process is gone. */
  isBeingTerminated(job: JobRecord, reason: string): void {
    job.isTerminated = true;
    job.statusReason = reason;
    this.#save(job);
  }

  /** The current attempt is over. Answers whether another one is to follow; the caller says when it may. */
  attemptEnds(job: JobRecord, ending: Ending, stoppedAt: number): 'retry' | 'over' {
    const attempt = job.current;
    delete job.current;
    if (attempt) {
      const { exitCode, reason, statusReason } = ending;
      Object.assign(attempt, {
        stoppedAt,
        statusReason,
        ...(exitCode !== undefined && { exitCode }),
        ...(reason !== undefined && { reason }),
      });
      job.attempts.push(attempt);
    }
    if (attempt && !job.isTerminated && isRetried(job.retryStrategy, attempt.number, ending)) {
      this.#save(job);
      return 'retry';
    }
    job.status = ending.succeeded ? 'SUCCEEDED' : 'FAILED';
    job.statusReason = ending.statusReason;
    job.stoppedAt = stoppedAt;
    this.#changed(job, stoppedAt);
    return 'over';
  }

  /** Ended before it ever had a host. */
  failsWaiting(job: JobRecord, statusReason: string, flag?: 'isCancelled' | 'isTerminated'): void {
    job.status = 'FAILED';
    job.statusReason = statusReason;
    job.stoppedAt = Date.now();
    if (flag) job[flag] = true;
    this.#changed(job);
  }

  #changed(job: JobRecord, at = Date.now()): void {
    const send = this.#emitter.jobChanged(job, at);
    this.#save(job);
    send();
  }
}
