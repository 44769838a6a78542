import { STAGES, type Stage } from '../../../functions/shared/contracts/names.ts';
import type { ExperimentItem } from '../../../functions/shared/table/experiment.ts';
import type { Action } from '../../../functions/stages/actions.ts';
import { compareAttempts } from '../../../functions/stages/attempt-order.ts';
import { type ExecutionView, UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import { experimentChange } from '../../../functions/stages/experiment-change.ts';
import { isEnded, type JobView, statusRank } from '../../../functions/stages/job-view.ts';
import { NO_PROGRESS, reconcile, type StoredAttempt } from '../../../functions/stages/reconcile.ts';
import { anExperiment, aSpec, byStage } from '../an-experiment.ts';
import { aJob, anAttempt, aResult, LIMITS, NOW, stageAfter } from './a-job.ts';

/** How each attempt ends: an exit code, or `host` when its host is reclaimed. Attempts beyond the plan succeed. */
export type Plan = Partial<Record<Stage, (number | 'host')[]>>;

export type Event = { job: JobView } | { execution: ExecutionView };

const QUEUES = ['spot', 'any', 'on-demand'].map((queue) => `arn:aws:batch:us-east-1:000000000000:job-queue/${queue}`);

/**
 * A run as AWS would carry it out: the state machine of state-machines/experiment.asl.json in a few lines, Batch, the table. Decisions are
 * made by the product's own `reconcile` and written by its own `experimentChange`.
 */
export class SimulatedRun {
  experiment: ExperimentItem = anExperiment({
    updatedAt: NOW.toISOString(),
    spec: aSpec({ pins: { ...aSpec().pins, ladders: byStage(() => QUEUES) } }),
  });
  attempts: StoredAttempt[] = [];
  jobs: JobView[] = [];
  execution: ExecutionView = { state: 'seen', status: 'RUNNING', error: null, cause: null };
  /** Events that AWS has sent and nobody has received yet. */
  sent: Event[] = [{ execution: this.execution }];
  /** Attempts that were older than the stored one when something was sent for them: must stay empty. */
  staleReports: Action[] = [];
  private waitingFor: JobView | undefined;
  private readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
    this.submit('ingest', 1);
  }

  private submit(stage: Stage, attempt: number): void {
    const at = { experimentId: this.experiment.id, run: 1, stage, attempt };
    const planned = this.plan[stage]?.[attempt - 1] ?? 0;
    const runnable = aJob(at, { status: 'RUNNABLE', startedAt: null, taskToken: `token-${stage}-${attempt}` });
    const started = { ...runnable, status: 'RUNNING' as const, startedAt: NOW.getTime() - 20_000 };
    const stopped = { ...started, stoppedAt: NOW.getTime() - 1_000 };
    const plain = {
      statusReason: 'Essential container in task exited',
      result: planned === 0 ? aResult(at) : ({ state: 'absent' } as const),
    };
    const over: JobView =
      planned === 'host'
        ? { ...stopped, status: 'FAILED', statusReason: 'Host EC2 (instance i-0) terminated.', result: { state: 'absent' } }
        : { ...stopped, ...plain, status: planned === 0 ? 'SUCCEEDED' : 'FAILED', exitCode: planned };
    this.jobs.push(over);
    this.waitingFor = over;
    this.sent.push(...[runnable, started, over].map((job) => ({ job })));
  }

  private end(execution: ExecutionView): void {
    this.execution = execution;
    this.waitingFor = undefined;
    this.sent.push({ execution });
  }

  /** SendTask*: only the token that the machine waits for does anything. */
  private report(action: Extract<Action, { type: 'CompleteTask' | 'FailTask' }>): void {
    if (this.experiment.current && compareAttempts(action.at, this.experiment.current) < 0) this.staleReports.push(action);
    if (!this.waitingFor || action.taskToken !== this.waitingFor.taskToken) return;
    const { stage, attempt } = this.waitingFor.at;
    if (action.type === 'FailTask') {
      if (action.decision.action === 'again') this.submit(stage, attempt + 1);
      else this.end({ state: 'seen', status: 'FAILED', error: action.decision.error, cause: '' });
      return;
    }
    const next = stageAfter(stage);
    if (next) this.submit(next, 1);
    else this.end({ state: 'seen', status: 'SUCCEEDED', error: null, cause: null });
  }

  private change(actions: Action[]): void {
    const change = experimentChange(this.experiment, actions, NOW.toISOString());
    if (!change) return;
    const { status, patch = {} } = change;
    const merged = { ...this.experiment, ...patch, ...(status ? { status } : {}) };
    this.experiment = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) as ExperimentItem;
  }

  private write({ job, error }: Extract<Action, { type: 'WriteAttempt' }>): void {
    const known = this.attempts.find(({ jobId }) => jobId === job.jobId);
    if (known && statusRank(known.status) > statusRank(job.status)) return;
    const reported = known?.reportedAt ? { reportedAt: known.reportedAt } : {};
    const kept = this.attempts.filter((attempt) => attempt !== known);
    this.attempts = [...kept, anAttempt(job, { ...(error ? { error } : {}), ...reported })];
  }

  private apply(actions: Action[]): void {
    for (const action of actions) if (action.type === 'WriteAttempt') this.write(action);
    this.change(actions.filter(({ type }) => type !== 'Close'));
    for (const action of actions) {
      if (action.type === 'CompleteTask' || action.type === 'FailTask') {
        this.report(action);
        this.attempts = this.attempts.map((attempt) =>
          attempt.jobId === action.jobId ? { ...attempt, reportedAt: NOW.toISOString() } : attempt,
        );
      }
      if (action.type === 'StopExecution' && this.execution.state === 'seen' && this.execution.status === 'RUNNING')
        this.end({ state: 'seen', status: 'ABORTED', error: null, cause: null });
    }
    this.change(actions.filter(({ type }) => type === 'Close'));
  }

  private decide(jobs: JobView[], complete: boolean, execution: ExecutionView): Action[] {
    const stored = { experiment: this.experiment, attempts: this.attempts };
    return reconcile(stored, { jobs, complete }, execution, NO_PROGRESS, NOW, LIMITS);
  }

  /** One event arrives. */
  receive(event: Event): void {
    this.apply('job' in event ? this.decide([event.job], false, UNKNOWN_EXECUTION) : this.decide([], false, event.execution));
  }

  /** The supervisor's minute. @returns what it found to do */
  supervise(): Action[] {
    const actions = this.decide(this.jobs, true, this.execution);
    this.apply(actions);
    return actions;
  }

  cancel(): void {
    if (this.experiment.status === 'queued' || this.experiment.status === 'running')
      this.experiment = { ...this.experiment, status: 'cancelling' };
  }

  /** What a user sees in the end. */
  outcome() {
    const { status, failure, bundle, inputs = {}, stage } = this.experiment;
    const attempts = this.attempts
      .map(({ stage, attempt, error, status }) => ({ stage, attempt, error, status }))
      .sort((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || a.attempt - b.attempt);
    return {
      status,
      failure: failure && { error: failure.error, stage: failure.stage, attempt: failure.attempt },
      bundle,
      inputs: Object.keys(inputs).sort(),
      stage,
      attempts,
      alive: this.jobs.filter((job) => !isEnded(job)).length,
    };
  }
}
