import { join } from 'node:path';
import { containerInstanceArn, lastSegment, newEcsId, newInstanceId, type Place, taskArn } from '../arns.ts';
import { Attempt, type AttemptServices } from '../attempts/attempt.ts';
import { killMarked } from '../attempts/child-process.ts';
import { hostLost } from '../attempts/ending.ts';
import { type Decision, decide } from '../scheduling/scheduler.ts';
import { type AttemptRecord, hasEnded, isOnHost, type JobRecord } from '../state/job-record.ts';
import type { ComputeEnvironmentRecord } from '../state/resources.ts';
import type { Store } from '../state/store.ts';
import type { JobLife } from './job-life.ts';
import { type MachineLimits, schedulerInput } from './scheduler-input.ts';

export interface JobsDependencies {
  place: Place;
  store: Store;
  life: JobLife;
  attempts: AttemptServices;
  limits: MachineLimits;
}

/** How long a killed process and the last lines of its log are waited for. */
const LAST_WAIT_MS = 2_000;

/** All jobs: takes them in, has the scheduler pick, runs attempts, ends them on request. */
export class Jobs {
  readonly #place: Place;
  readonly #store: Store;
  readonly #life: JobLife;
  readonly #services: AttemptServices;
  readonly #limits: MachineLimits;
  readonly #running = new Map<string, Attempt>();
  readonly #releases = new Set<Promise<void>>();
  #scheduled = false;
  #closing = false;

  constructor({ place, store, life, attempts, limits }: JobsDependencies) {
    this.#place = place;
    this.#store = store;
    this.#life = life;
    this.#services = attempts;
    this.#limits = limits;
  }

  /** Takes a new job in; it moves on as soon as the answer to its submitter is on its way. */
  submit(job: JobRecord): void {
    this.#store.addJob(job);
    setImmediate(() => this.#leaveSubmitted(job));
  }

  /** After a restart: what ran on a host is lost with it, everything else goes on. */
  async recover(): Promise<void> {
    const jobs = [...this.#store.jobs.values()].filter((job) => !hasEnded(job));
    for (const job of jobs.filter(isOnHost)) await killMarked(job.jobId);
    for (const job of jobs) {
      if (isOnHost(job))
        this.#endAttempt(job, { ...hostLost(job.current?.instanceId ?? newInstanceId()), stoppedAt: Date.now() });
      else if (job.status !== 'RUNNABLE') this.#leaveSubmitted(job);
    }
    this.schedule();
  }

  terminate(job: JobRecord, reason: string): void {
    if (hasEnded(job)) return;
    if (!isOnHost(job)) this.#endWaiting(job, reason, 'isTerminated');
    else if (!job.isTerminated) {
      this.#life.isBeingTerminated(job, reason);
      this.#running.get(job.jobId)?.stop({ kind: 'terminated', reason });
    }
  }

  cancel(job: JobRecord, reason: string): void {
    if (!hasEnded(job) && !isOnHost(job)) this.#endWaiting(job, reason, 'isCancelled');
  }

  endAllOf(queueArn: string, reason: string): void {
    for (const job of this.#store.jobs.values()) if (job.jobQueue === queueArn) this.terminate(job, reason);
  }

  /** The host of a running job gets a spot notice and goes away after it. False when the job is on no host. */
  reclaimHost(job: JobRecord, noticeMs: number): boolean {
    const attempt = this.#running.get(job.jobId);
    attempt?.reclaimHost(noticeMs);
    return attempt !== undefined;
  }

  /** Has the scheduler look once more, soon; many calls at once are one look. */
  schedule(): void {
    if (this.#scheduled || this.#closing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closing) this.#carryOut(decide(schedulerInput(this.#store, this.#limits, this.#running.size)));
    });
  }

  /** Ends every process. Their jobs stay RUNNING on disk: the next start finds them lost with their host. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    for (const attempt of this.#running.values()) attempt.signal('SIGTERM');
    await this.#noneRunning(graceMs);
    for (const attempt of this.#running.values()) attempt.signal('SIGKILL');
    await this.#noneRunning(LAST_WAIT_MS);
    await Promise.race([Promise.all(this.#releases), pause(LAST_WAIT_MS)]);
  }

  async #noneRunning(timeoutMs: number): Promise<void> {
    for (const end = Date.now() + timeoutMs; this.#running.size > 0 && Date.now() < end; ) await pause(10);
  }

  #leaveSubmitted(job: JobRecord): void {
    if (hasEnded(job)) return;
    const dependencies = job.dependsOn.flatMap(({ jobId }) => (jobId === undefined ? [] : (this.#store.jobs.get(jobId) ?? [])));
    if (dependencies.some(({ status }) => status === 'FAILED')) this.#endWaiting(job, 'Dependent Job failed');
    else if (dependencies.every(({ status }) => status === 'SUCCEEDED')) {
      this.#life.becomesRunnable(job);
      this.schedule();
    } else if (job.status === 'SUBMITTED') this.#life.waits(job);
  }

  #endWaiting(job: JobRecord, reason: string, flag?: 'isCancelled' | 'isTerminated'): void {
    this.#life.failsWaiting(job, reason, flag);
    this.#releaseDependents(job);
    this.schedule();
  }

  #releaseDependents(ended: JobRecord): void {
    for (const job of this.#store.jobs.values()) {
      if (job.status === 'PENDING' && job.dependsOn.some(({ jobId }) => jobId === ended.jobId)) this.#leaveSubmitted(job);
    }
  }

  #carryOut({ starts, blocked }: Decision): void {
    const reasons = new Map(blocked.map(({ jobId, statusReason }) => [jobId, statusReason]));
    for (const job of this.#store.jobs.values()) if (job.status === 'RUNNABLE') this.#life.isBlocked(job, reasons.get(job.jobId));
    for (const { jobId, environment } of starts) {
      const job = this.#store.jobs.get(jobId);
      const found = this.#store.resources.computeEnvironments[environment];
      if (job && found) void this.#run(job, found);
    }
  }

  async #run(job: JobRecord, environment: ComputeEnvironmentRecord): Promise<void> {
    const record = this.#newAttempt(job, environment);
    const host = { spot: environment.computeResources?.type === 'SPOT' };
    const attempt = new Attempt(this.#services, job, record, host, join(this.#store.jobDirectory(job.jobId), 'log.txt'));
    this.#running.set(job.jobId, attempt);
    this.#life.starts(job, record);
    const ended = await attempt.run((startedAt, pid) => this.#life.runs(job, startedAt, pid));
    this.#running.delete(job.jobId);
    const outcome = this.#closing ? 'over' : this.#endAttempt(job, ended, attempt);
    const released = attempt.release().catch((error) => this.#services.log(`Job ${job.jobId} left something behind: ${error}`));
    this.#releases.add(released);
    await released;
    this.#releases.delete(released);
    if (outcome === 'over' || this.#closing) return;
    // Terminated between two attempts: there is no process to wait for.
    if (job.isTerminated) this.#endWaiting(job, job.statusReason ?? '', 'isTerminated');
    else {
      this.#life.becomesRunnable(job);
      this.schedule();
    }
  }

  #endAttempt(job: JobRecord, ended: { stoppedAt: number } & ReturnType<typeof hostLost>, attempt?: Attempt): 'retry' | 'over' {
    const outcome = this.#life.attemptEnds(job, ended, ended.stoppedAt);
    if (outcome === 'over') {
      this.#releaseDependents(job);
      this.schedule();
    } else if (!attempt) this.#life.becomesRunnable(job);
    return outcome;
  }

  #newAttempt(job: JobRecord, environment: ComputeEnvironmentRecord): AttemptRecord {
    const cluster = lastSegment(environment.ecsClusterArn);
    const task = newEcsId();
    const definition = lastSegment(job.jobDefinition).split(':')[0] ?? '';
    const prefix = job.container.logConfiguration?.options?.['awslogs-stream-prefix'] ?? definition;
    return {
      number: job.attempts.length + 1,
      computeEnvironment: environment.computeEnvironmentName,
      instanceId: newInstanceId(),
      containerInstanceArn: containerInstanceArn(this.#place, cluster, newEcsId()),
      taskArn: taskArn(this.#place, cluster, task),
      logStreamName: `${prefix}/default/${task}`,
    };
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
