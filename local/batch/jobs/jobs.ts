import { join } from 'node:path';
import { lastSegment, newEcsId, type Place, taskArn } from '../arns.ts';
import { Attempt, type AttemptServices, type Ended } from '../attempts/attempt.ts';
import { killMarked } from '../attempts/child-process.ts';
import { type Ending, hostLost } from '../attempts/ending.ts';
import { type Decision, decide, frontOfQueue, type SchedulerInput } from '../scheduling/scheduler.ts';
import type { HostRecord } from '../state/host-record.ts';
import { type AttemptRecord, hasEnded, isOnHost, type JobRecord } from '../state/job-record.ts';
import type { ComputeEnvironmentRecord } from '../state/resources.ts';
import type { Store } from '../state/store.ts';
import { BlockedHeads } from './blocked-heads.ts';
import type { Hosts } from './hosts.ts';
import type { JobLife } from './job-life.ts';
import { type Front, QueuePositions } from './queue-positions.ts';
import { environmentsOf, type MachineLimits, schedulerInput } from './scheduler-input.ts';

export interface JobsDependencies {
  place: Place;
  store: Store;
  life: JobLife;
  hosts: Hosts;
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
  readonly #hosts: Hosts;
  readonly #services: AttemptServices;
  readonly #limits: MachineLimits;
  readonly #running = new Map<string, Attempt>();
  readonly #releases = new Set<Promise<void>>();
  readonly #positions = new QueuePositions();
  readonly #blockedHeads: BlockedHeads;
  #scheduled = false;
  #closing = false;

  constructor({ place, store, life, hosts, attempts, limits }: JobsDependencies) {
    this.#place = place;
    this.#store = store;
    this.#life = life;
    this.#hosts = hosts;
    this.#services = attempts;
    this.#limits = limits;
    this.#blockedHeads = new BlockedHeads(attempts.clock, (job, reason) => this.cancel(job, reason));
  }

  /** Takes a new job in; it moves on as soon as the answer to its submitter is on its way. */
  submit(job: JobRecord): void {
    this.#store.addJob(job);
    setImmediate(() => this.#leaveSubmitted(job));
  }

  /** After a restart: what ran on a host is lost with it, everything else goes on. */
  async recover(): Promise<void> {
    this.#hosts.allLost();
    const jobs = [...this.#store.jobs.values()].filter((job) => !hasEnded(job));
    for (const job of jobs.filter(isOnHost)) await killMarked(job.jobId);
    for (const job of jobs) {
      if (isOnHost(job) && job.current) this.#endAttempt(job, { ...lostBy(job, job.current), stoppedAt: Date.now() });
      else if (isOnHost(job)) this.#goOn(job);
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

  /** What runs the job now; undefined when it is on no host. */
  attemptOf(job: JobRecord): Attempt | undefined {
    return this.#running.get(job.jobId);
  }

  /** The jobs that wait in a queue, in the order in which they will start. */
  frontOf(queueArn: string): Front {
    return this.#positions.of(queueArn);
  }

  /** Has the scheduler look once more, soon; many calls at once are one look. */
  schedule(): void {
    if (this.#scheduled || this.#closing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closing) return;
      this.#carryOut(decide(this.#input()));
      this.#notePositions(this.#input());
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

  #input(): SchedulerInput {
    return schedulerInput(this.#store, this.#limits, this.#running.size, this.#lacksCapacity);
  }

  readonly #lacksCapacity = (queueArn: string): boolean => this.#services.faults.lacksCapacity(queueArn);

  #carryOut({ starts, blocked }: Decision): void {
    const { computeEnvironments, jobQueues } = this.#store.resources;
    for (const arn of environmentsOf(this.#store, this.#lacksCapacity)) {
      const environment = computeEnvironments[arn];
      if (environment) this.#hosts.dismissIdle(environment);
    }
    const heads = blocked.flatMap(({ jobId, statusReason }) => {
      const job = this.#store.jobs.get(jobId);
      const queue = jobQueues[job?.jobQueue ?? ''];
      return job && queue ? [{ job, queue, statusReason }] : [];
    });
    const blocking = new Set(heads.map(({ job }) => job));
    for (const job of this.#store.jobs.values())
      if (job.status === 'RUNNABLE' && !blocking.has(job)) this.#life.isNotBlocked(job);
    for (const { job, statusReason } of heads) this.#life.blocks(job, statusReason);
    this.#blockedHeads.update(heads);
    for (const { jobId, environment } of starts) {
      const job = this.#store.jobs.get(jobId);
      const found = computeEnvironments[environment];
      if (job && found) void this.#run(job, found);
    }
  }

  #notePositions(input: SchedulerInput): void {
    for (const { name } of input.queues) this.#positions.update(name, frontOfQueue(input, name), input.now);
  }

  async #run(job: JobRecord, environment: ComputeEnvironmentRecord): Promise<void> {
    const host = this.#hosts.take(job, environment);
    const record = this.#newAttempt(job, host, environment);
    const spot = environment.computeResources?.type === 'SPOT';
    const attempt = new Attempt(this.#services, job, record, { spot }, join(this.#store.jobDirectory(job.jobId), 'log.txt'));
    this.#running.set(job.jobId, attempt);
    this.#life.starts(job, record);
    const ended = await attempt.run((startedAt, pid) => this.#life.runs(job, startedAt, pid));
    this.#running.delete(job.jobId);
    if (this.#closing || attempt.hostIsReclaimed) this.#hosts.leave(host);
    else this.#hosts.keepWarm(host, environment);
    const outcome = this.#closing ? 'over' : this.#endAttempt(job, ended, attempt);
    const released = attempt.release().catch((error) => this.#services.log(`Job ${job.jobId} left something behind: ${error}`));
    this.#releases.add(released);
    await released;
    this.#releases.delete(released);
    if (outcome === 'retry' && !this.#closing) this.#goOn(job);
  }

  /** Between two attempts: to the next one, unless the job was terminated meanwhile. There is no process to wait for. */
  #goOn(job: JobRecord): void {
    if (job.isTerminated) this.#endWaiting(job, job.statusReason ?? '', 'isTerminated');
    else {
      this.#life.becomesRunnable(job);
      this.schedule();
    }
  }

  #endAttempt(job: JobRecord, ended: Ended, attempt?: Attempt): 'retry' | 'over' {
    const outcome = this.#life.attemptEnds(job, ended, ended.stoppedAt);
    if (outcome === 'over') {
      this.#releaseDependents(job);
      this.schedule();
    } else if (!attempt) this.#life.becomesRunnable(job);
    return outcome;
  }

  #newAttempt(job: JobRecord, host: HostRecord, environment: ComputeEnvironmentRecord): AttemptRecord {
    const task = newEcsId();
    const definition = lastSegment(job.jobDefinition).split(':')[0] ?? '';
    const prefix = job.container.logConfiguration?.options?.['awslogs-stream-prefix'] ?? definition;
    return {
      number: job.attempts.length + 1,
      computeEnvironment: host.computeEnvironment,
      instanceId: host.instanceId,
      containerInstanceArn: host.containerInstanceArn,
      taskArn: taskArn(this.#place, lastSegment(environment.ecsClusterArn), task),
      logStreamName: `${prefix}/default/${task}`,
    };
  }
}

/** How an attempt ends whose executor was stopped under it; a user who had asked for its end is still the reason. */
function lostBy(job: JobRecord, attempt: AttemptRecord): Ending {
  const lost = hostLost(attempt.instanceId);
  return job.isTerminated ? { ...lost, statusReason: job.statusReason ?? lost.statusReason, retriable: false } : lost;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
