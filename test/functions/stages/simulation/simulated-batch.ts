import type { BatchClient, JobDetail } from '@aws-sdk/client-batch';
import { ATTEMPT_DOCUMENTS, type AttemptId, jobName, type StageError } from '../../../../functions/shared/contracts/names.ts';
import { aResult, someProgress } from '../a-job.ts';
import type { Chance } from './chance.ts';
import type { Ending } from './endings.ts';
import { ATTEMPT_SECONDS, CAPACITY_SECONDS, LIMITS } from './limits.ts';
import { simulatedBatchClient } from './simulated-batch-client.ts';
import type { Call } from './simulated-table.ts';
import type { Timeline } from './timeline.ts';

const KILLED_AFTER_SECONDS = 30;

const RESULTS: Record<NonNullable<Ending['result']>, (at: AttemptId) => object | undefined> = {
  good: (at) => aResult(at).document as object,
  torn: () => undefined,
  'of another attempt': (at) => aResult({ ...at, attempt: at.attempt + 1 }).document as object,
  'reports a broken contract': (at) => ({
    schemaVersion: 1,
    ...at,
    outcome: 'failed',
    exitCode: 1,
    error: { name: 'Stage.ContractBroken', message: 'A hash differs.', where: null, remedy: null },
    diagnostics: [],
  }),
};

/** One job as it really is. */
export type Job = {
  id: string;
  at: AttemptId;
  token: string;
  queue: string;
  divisor: string;
  ending: Ending;
  /** As DescribeJobs showed it, over time; the last one is how it is. */
  views: { time: number; detail: JobDetail }[];
  endsWith: Ending['means'] | undefined;
  endedAt: number | undefined;
  runningSince: number | undefined;
  /** When step or fraction last moved, as the process knows it. */
  movedAt: number | undefined;
  terminating: string | undefined;
  /** Since when it is alive for nothing. */
  inVainSince: number | undefined;
};

export type Surroundings = {
  chance: Chance;
  timeline: Timeline;
  /** How often Batch shows something wrong at this time. */
  hazy: () => number;
  /** Sends an event to the bus. */
  stateChanged: (job: Job, detail: JobDetail) => void;
  progressed: (job: Job, progress: ReturnType<typeof someProgress>) => void;
  /** A job is about to be ended on our request, while it is alive. */
  ending: (job: Job, reason: string) => void;
  ended: (job: Job) => void;
  log: (line: string) => void;
};

/** AWS Batch with its hosts and processes, and the folders in S3 that they write to. */
export class SimulatedBatch {
  readonly jobs: Job[] = [];
  /** Documents by attempt. */
  private readonly results = new Map<string, string>();
  private readonly reports = new Map<string, string>();
  readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  submit(at: AttemptId, token: string, queue: string, divisor: string, ending: Ending): Job {
    const { timeline, chance } = this.around;
    const id = `job-${this.jobs.length + 1}`;
    const job: Job = {
      id,
      at,
      token,
      queue,
      divisor,
      ending,
      views: [],
      endsWith: undefined,
      endedAt: undefined,
      runningSince: undefined,
      movedAt: undefined,
      terminating: undefined,
      inVainSince: undefined,
    };
    this.jobs.push(job);
    this.move(job, 'SUBMITTED', { createdAt: timeline.now }, false);
    const steps = ['RUNNABLE', 'STARTING', 'RUNNING'] as const;
    let seconds = 0;
    for (const status of steps) {
      seconds += chance.between(1, status === 'STARTING' ? 50 : 10, `${jobName(at)} until ${status}`);
      timeline.after(seconds, () => this.proceed(job, status));
    }
    return job;
  }

  private proceed(job: Job, status: 'RUNNABLE' | 'STARTING' | 'RUNNING'): void {
    const { ending } = job;
    if (job.endedAt !== undefined) return;
    if (status !== 'RUNNABLE' && ending.waitsFor) return;
    if (ending.when === (status === 'STARTING' ? 'waiting' : 'starting') && status !== 'RUNNABLE') {
      this.end(job, ending);
      return;
    }
    if (job.terminating !== undefined) return;
    const { timeline } = this.around;
    if (status !== 'RUNNING') {
      this.move(job, status, {});
      return;
    }
    job.runningSince = job.movedAt = timeline.now;
    this.move(job, status, { startedAt: timeline.now });
    this.work(job);
    timeline.after(ATTEMPT_SECONDS, () => this.timeOut(job), false);
  }

  private timeOut(job: Job): void {
    if (job.endedAt !== undefined) return;
    this.end(job, {
      when: 'running',
      means: 'Stage.TimedOut',
      exitCode: 137,
      statusReason: 'Job attempt duration exceeded timeout',
    });
  }

  /** The process: reports now and then, and ends unless it hangs. */
  private work(job: Job): void {
    const { timeline, chance } = this.around;
    const name = jobName(job.at);
    const every = chance.between(10, 200, `${name} reports every`);
    const reports = job.ending.when === 'never' ? 4 : Math.floor(chance.between(0, 2.99, `${name} reports`));
    for (let sequence = 1; sequence <= reports; sequence++)
      timeline.after(every * sequence, () => this.report(job, sequence), job.ending.when !== 'never');
    if (job.ending.when === 'never') return;
    timeline.after(every * reports + chance.between(1, 100, `${name} ends after`), () => {
      if (job.endedAt === undefined) this.end(job, job.ending);
    });
  }

  private report(job: Job, sequence: number): void {
    if (job.endedAt !== undefined || job.ending.hangs === 'silently') return;
    const { timeline } = this.around;
    const step = job.ending.hangs === 'alive' ? 1 : sequence;
    if (step === sequence) job.movedAt = timeline.now;
    const at = new Date(timeline.now).toISOString();
    const progress = someProgress(job.at, { sequence, step, fraction: step / 100, at });
    this.reports.set(jobName(job.at), JSON.stringify(progress));
    this.around.progressed(job, progress);
  }

  private end(job: Job, ending: Ending): void {
    const { timeline } = this.around;
    if (ending.result) this.results.set(jobName(job.at), JSON.stringify(RESULTS[ending.result](job.at)) ?? '{"schemaVersion":1,');
    job.endsWith = ending.means;
    job.endedAt = timeline.now;
    const { exitCode, reason, statusReason } = ending;
    this.move(job, exitCode === 0 ? 'SUCCEEDED' : 'FAILED', {
      stoppedAt: timeline.now,
      ...(statusReason === undefined ? {} : { statusReason }),
      container: {
        ...this.container(job),
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(reason === undefined ? {} : { reason }),
      },
    });
    this.around.ended(job);
  }

  private container(job: Job): NonNullable<JobDetail['container']> {
    return { vcpus: 2, environment: [{ name: 'TASK_TOKEN', value: job.token }] };
  }

  private move(job: Job, status: NonNullable<JobDetail['status']>, changes: Partial<JobDetail>, event = true): void {
    const before = job.views.at(-1)?.detail ?? {
      jobName: jobName(job.at),
      jobId: job.id,
      jobQueue: job.queue,
      jobDefinition: 'definition:1',
      startedAt: undefined,
      container: this.container(job),
      attempts: [],
      status,
    };
    const detail: JobDetail = { ...before, ...changes, status };
    job.views.push({ time: this.around.timeline.now, detail });
    this.around.log(
      `${job.id} ${jobName(job.at).slice(31)} is ${status}${detail.statusReason ? `: ${detail.statusReason}` : ''}`,
    );
    if (event) this.around.stateChanged(job, detail);
  }

  detailOf(job: Job, at = this.around.timeline.now): JobDetail | undefined {
    return job.views.findLast(({ time }) => time <= at)?.detail;
  }

  isAlive(job: Job): boolean {
    return job.endedAt === undefined;
  }

  /** What TerminateJob does: nothing to a job that has ended. */
  terminate(jobId: string, reason: string): void {
    const { timeline, chance } = this.around;
    const job = this.jobs.find(({ id }) => id === jobId);
    if (!job || job.endedAt !== undefined || job.terminating !== undefined) return;
    this.around.ending(job, reason);
    job.terminating = reason;
    const means = (/^Stage\.[A-Za-z]+/.exec(reason)?.[0] ?? 'Stage.Failed') as StageError;
    const { status } = this.detailOf(job) ?? {};
    if (status !== 'STARTING' && status !== 'RUNNING') {
      this.end(job, { when: 'waiting', means, statusReason: reason });
      return;
    }
    const exitCode = chance.pick([75, 137, 143], `${job.id} killed with`);
    timeline.after(chance.between(0, KILLED_AFTER_SECONDS, `${job.id} killed after`), () => {
      if (job.endedAt === undefined) this.end(job, { when: 'running', means, exitCode, statusReason: reason });
    });
  }

  /** What CancelJob does: nothing to a job that has started. */
  cancel(jobId: string, reason: string): void {
    const job = this.jobs.find(({ id }) => id === jobId);
    const { status } = (job && this.detailOf(job)) ?? {};
    if (status === 'SUBMITTED' || status === 'RUNNABLE') this.terminate(jobId, reason);
  }

  /** A job that has waited for so many times its queue's limit, or longer, while AWS has no machine. */
  isStarved(job: Job, times = 1): boolean {
    const { createdAt = 0 } = this.detailOf(job) ?? {};
    return job.ending.waitsFor === 'a machine' && this.around.timeline.now - createdAt > times * CAPACITY_SECONDS * 1000;
  }

  /** Whether jobs of others, of which nothing is shown, have left no room. */
  isFull(): boolean {
    return this.jobs.some((job) => job.endedAt === undefined && job.ending.waitsFor === 'others');
  }

  /** A job that has hung for its stage's limit, or longer. */
  isHung(job: Job): boolean {
    if (job.ending.when !== 'never' || job.movedAt === undefined) return false;
    return this.around.timeline.now - job.movedAt > LIMITS.hangSeconds[job.at.stage] * 1000;
  }

  /** A document in the folder of the attempt with this job name. */
  documentOf(name: string, document: string): string | undefined {
    if (document === ATTEMPT_DOCUMENTS.result) return this.results.get(name);
    if (document === ATTEMPT_DOCUMENTS.progress) return this.reports.get(name);
    return undefined;
  }

  /** The client of one invocation. */
  client(call: Call, who: string): BatchClient {
    return simulatedBatchClient(this, call, who);
  }
}
