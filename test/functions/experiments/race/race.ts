import { cancelExperiment } from '../../../../functions/experiments/cancel-experiment.ts';
import { executions } from '../../../../functions/experiments/executions.ts';
import { experimentReader } from '../../../../functions/experiments/experiment-reader.ts';
import { isLegalTransition } from '../../../../functions/experiments/experiment-status.ts';
import { finishedStageReader } from '../../../../functions/experiments/finished-stage-reader.ts';
import { pinReader } from '../../../../functions/experiments/pin-reader.ts';
import { resumeExperiment } from '../../../../functions/experiments/resume-experiment.ts';
import { specStore } from '../../../../functions/experiments/spec-store.ts';
import { startRun } from '../../../../functions/experiments/start-run.ts';
import { submissionStore } from '../../../../functions/experiments/submission-store.ts';
import { isNamed } from '../../../../functions/shared/aws-errors.ts';
import { type ExperimentView, isFinal } from '../../../../functions/shared/contracts/experiment-view.ts';
import { ATTEMPT_DOCUMENTS, executionName, keys, STAGES } from '../../../../functions/shared/contracts/names.ts';
import type { HttpAnswer, HttpEvent } from '../../../../functions/shared/handlers.ts';
import type { ExperimentItem } from '../../../../functions/shared/table/experiment.ts';
import type { Observer } from '../../../../functions/stages/observer.ts';
import { recordFailure } from '../../../../functions/stages/record-failure.ts';
import { recordProgress } from '../../../../functions/stages/record-progress.ts';
import { stageStore } from '../../../../functions/stages/stage-store.ts';
import { superviseExperiments } from '../../../../functions/stages/supervise-experiments.ts';
import { trackExecution } from '../../../../functions/stages/track-execution.ts';
import { trackJob } from '../../../../functions/stages/track-job.ts';
import { aRequest, CLAIMS } from '../../a-request.ts';
import { anExperiment } from '../../an-experiment.ts';
import { memoryTable } from '../../memory-table.ts';
import { LIMITS, SUMMARIES, someProgress } from '../../stages/a-job.ts';
import { anEvent, MACHINE, QUEUE } from '../../stages/an-observer.ts';
import { Account, type Happening, type Plan } from './account.ts';
import { type Fate, Turns } from './turns.ts';

export type Deed =
  | 'a request has its turn'
  | 'a caller dies before its request'
  | 'a caller dies after its request'
  | 'a request is refused'
  | 'a request is held up'
  | 'what was held up goes on'
  | 'somebody cancels'
  | 'somebody resumes'
  | 'somebody stops the execution in the console'
  | 'a host works'
  | 'an event arrives'
  | 'an event arrives and will come again'
  | 'an event is lost'
  | 'the supervisor looks';

type Asked = { what: 'cancel' | 'resume'; status?: number; view?: ExperimentView; error?: string };

const FATES: Partial<Record<Deed, Fate>> = {
  'a request has its turn': 'answered',
  'a caller dies before its request': 'caller dies before',
  'a caller dies after its request': 'caller dies after',
  'a request is refused': 'refused',
};
/** Anybody may be told to try again: 503, or a service that refuses. */
const TRY_AGAIN = ['ConcurrentChange', 'Refused'];
const REFUSALS = { cancel: 'ExperimentFinished', resume: 'ExperimentNotResumable' };
/** Longer than any race takes to come to an end. */
const LONGEST = 20_000;
const MINUTE = 60_000;

/**
 * One experiment, whose owner cancels and resumes it at any moment, while everything that follows its run is at work. The functions and
 * their stores are the product's own.
 */
export class Race {
  readonly turns = new Turns();
  readonly account: Account;
  readonly asked: Asked[] = [];
  /** The experiment after each write. */
  readonly written: ExperimentItem[] = [];
  readonly unexpected: string[] = [];
  private time = Date.parse('2026-11-22T07:00:00.000Z');
  private readonly clock = { now: () => new Date(this.time) };
  private readonly observer: Observer;
  private readonly reader: ReturnType<typeof experimentReader>;
  private readonly submissions: ReturnType<typeof submissionStore>;
  private readonly id: string;
  private readonly stored: ExperimentItem;

  constructor(plans: readonly Plan[], finished: number) {
    this.account = new Account(plans, this.turns.call, this.clock.now);
    const table = memoryTable(this.turns.call, (item) => {
      if (item.sk === 'experiment') this.written.push(item as unknown as ExperimentItem);
    });
    const { s3, batch, stepFunctions, bucket } = this.account;
    this.observer = {
      store: stageStore(table, this.clock),
      ...{ s3, batch, stepFunctions, bucket, limits: LIMITS, clock: this.clock, queues: [QUEUE] },
      ...{ stateMachineArn: MACHINE, runs: executions(stepFunctions, MACHINE) },
    };
    this.reader = experimentReader(table);
    this.submissions = submissionStore(table);
    const experiment = anExperiment({ updatedAt: this.clock.now().toISOString() });
    this.id = experiment.id;
    this.account.put(keys.spec(this.id), experiment.spec);
    const stages = STAGES.slice(0, finished);
    for (const stage of stages) this.account.finish({ experimentId: this.id, run: 1, stage, attempt: 1 });
    const manifest = (stage: (typeof STAGES)[number]) =>
      `s3://${bucket}/${keys.attempt({ experimentId: this.id, run: 1, stage, attempt: 1 })}${ATTEMPT_DOCUMENTS.manifest}`;
    this.stored = {
      ...experiment,
      inputs: Object.fromEntries(stages.map((stage) => [stage, manifest(stage)])),
      stages: Object.fromEntries(stages.map((stage) => [stage, SUMMARIES[stage]])),
    };
  }

  /** As POST /v1/experiments leaves it: stored, and about to be started. */
  async submit(): Promise<void> {
    this.begin(() => this.submissions.store(this.stored, undefined));
    while (this.turns.count > 0) await this.turns.take(0);
    this.begin(() => startRun({ store: this.observer.store.experiments, runs: this.observer.runs }, this.stored));
  }

  private begin(work: () => Promise<unknown>, then: (error?: Error) => void = () => {}): void {
    work().then(
      () => then(),
      (error: Error) => {
        const causes = error instanceof AggregateError ? error.errors : [error];
        for (const cause of causes as Error[])
          if (!isNamed(cause, ...TRY_AGAIN)) this.unexpected.push(`${cause.message} ${cause.stack}`);
        then(error);
      },
    );
  }

  private ask(what: Asked['what'], answer: (event: HttpEvent) => Promise<HttpAnswer>): void {
    const asked: Asked = { what };
    this.asked.push(asked);
    const request = aRequest({
      id: this.id,
      route: what === 'cancel' ? 'DELETE /v1/experiments/{id}' : 'POST /v1/experiments/{id}/resume',
    });
    this.begin(async () => {
      try {
        const { status, body } = await answer(request);
        Object.assign(asked, { status, view: typeof body === 'string' ? JSON.parse(body) : body });
      } catch (error) {
        asked.error = (error as Error).name;
        if (asked.error !== REFUSALS[what] && asked.error !== 'ExperimentNotFound') throw error;
      }
    });
  }

  private cancel(): void {
    const { store, runs } = this.observer;
    this.ask('cancel', (event) =>
      cancelExperiment(event, { reader: this.reader, store: store.experiments, runs, claims: CLAIMS }),
    );
  }

  private resume(): void {
    const { store, runs, s3, bucket, batch } = this.observer;
    this.ask('resume', (event) =>
      resumeExperiment(event, {
        ...{
          reader: this.reader,
          store: store.experiments,
          submissions: this.submissions,
          runs,
          claims: CLAIMS,
          clock: this.clock,
        },
        ...{ pins: pinReader(batch, specStore(s3, bucket)), finished: finishedStageReader(s3, bucket) },
      }),
    );
  }

  /** EventBridge hands an event to its function, and once more when that failed. */
  private deliver(happening: Happening, again = true): void {
    const work = () => {
      if ('job' in happening) return trackJob(anEvent('Batch Job State Change', happening.job), this.observer);
      if ('execution' in happening)
        return trackExecution(anEvent('Step Functions Execution Status Change', happening.execution), this.observer);
      const progress = someProgress(happening.progress, { at: this.clock.now().toISOString() });
      return recordProgress(anEvent('Stage Progress', progress), this.observer);
    };
    this.begin(work, (error) => {
      if (error && again) this.deliver(happening, false);
    });
  }

  private supervise(): void {
    this.time += MINUTE;
    this.begin(() => superviseExperiments({}, this.observer));
  }

  /** The state machine calls record-failure and ends, whether that came back or not. */
  private machine(): void {
    for (const execution of this.account.executions.values()) {
      if (!execution.recording) continue;
      const { experimentId, run } = execution.input;
      const failed = { experimentId, run, ...execution.recording };
      execution.recording = undefined;
      this.begin(
        () => recordFailure(failed, this.observer),
        () => this.account.end(execution, 'FAILED'),
      );
      this.abandoned.push(() => this.account.end(execution, 'FAILED'));
    }
  }
  /** What happens to calls whose function died, after their time-out. */
  private readonly abandoned: (() => void)[] = [];

  async do(deed: Deed, which: number): Promise<void> {
    const { bus } = this.account;
    const fate = FATES[deed];
    this.time += 10;
    if (fate) {
      if (this.turns.count > 0) await this.turns.take(which, fate);
    } else if (deed === 'a request is held up') this.turns.holdUp(which);
    else if (deed === 'what was held up goes on') this.turns.letGoOn();
    else if (deed === 'somebody cancels') this.cancel();
    else if (deed === 'somebody resumes') this.resume();
    else if (deed === 'a host works') this.account.work(which);
    else if (deed === 'the supervisor looks') this.supervise();
    else if (deed === 'somebody stops the execution in the console')
      for (const execution of this.account.executions.values()) this.account.stop(execution);
    else if (bus.length > 0) {
      const [happening] = bus.splice(which % bus.length, 1);
      if (happening && deed !== 'an event is lost') this.deliver(happening);
      if (happening && deed === 'an event arrives and will come again') bus.push(happening);
    }
    this.machine();
  }

  /** Nothing goes wrong any more: everything that is still to come comes; what was held up last of all, into one run more where there may be one. */
  async comeToAnEnd(): Promise<void> {
    await this.comeToRest();
    const { run, status } = this.experiment;
    if (this.turns.heldUp > 0 && (status === 'failed' || status === 'cancelled')) {
      this.resume();
      while (this.turns.count > 0 && this.experiment.run === run) await this.do('a request has its turn', 0);
    }
    while (this.turns.heldUp > 0) {
      this.turns.letGoOn();
      await this.comeToRest();
    }
  }

  /** Until nothing changes. */
  private async comeToRest(): Promise<void> {
    let quiet = 0;
    for (let step = 0; quiet < 2; step++) {
      if (step > LONGEST) throw new Error(`it does not come to an end: ${JSON.stringify(this.experiment)}`);
      if (this.turns.count > 0) await this.do('a request has its turn', 0);
      else if (this.account.bus.length > 0) await this.do('an event arrives', 0);
      else if (this.account.alive.length > 0 && step % 2 === 0) await this.do('a host works', 0);
      else {
        for (const over of this.abandoned.splice(0)) over();
        const { length } = this.written;
        await this.do('the supervisor looks', 0);
        while (this.turns.count > 0) await this.do('a request has its turn', 0);
        quiet =
          length === this.written.length && this.account.bus.length === 0 && this.account.alive.length === 0 ? quiet + 1 : 0;
      }
    }
  }

  get experiment(): ExperimentItem {
    const last = this.written.at(-1);
    if (!last) throw new Error('nothing was stored');
    return last;
  }

  /** Everything that is not right, in words; empty when all is. */
  async judge(): Promise<string[]> {
    const wrong = [...this.unexpected, ...this.account.violations];
    const { experiment, account, written } = this;
    const say = (holds: boolean, what: string): void => {
      if (!holds) wrong.push(what);
    };

    say(isFinal(experiment.status), `it ends ${experiment.status}`);
    for (const [index, now] of written.entries()) {
      const before = written[index - 1];
      if (!before) continue;
      const step = `${before.status} r${before.run} to ${now.status} r${now.run}`;
      say(now.revision === before.revision + 1, `revision ${before.revision} is followed by ${now.revision}`);
      say(now.status === before.status || isLegalTransition(before.status, now.status), `${step} is no legal step`);
      const resumed = isFinal(before.status) && now.status === 'queued';
      say(now.run === before.run + (resumed ? 1 : 0), `${step} does not count the run as it should`);
      for (const stage of STAGES) {
        const kept = now.inputs?.[stage];
        if (!kept || kept === before.inputs?.[stage]) continue;
        say(kept.includes(`/${stage}/r${now.run}-`), `run ${now.run} took over ${kept}`);
      }
    }

    const resumes = this.asked.filter(({ what }) => what === 'resume');
    const granted = resumes.flatMap(({ view }) => (view ? [view.run] : []));
    say(new Set(granted).size === granted.length, `two resumes were told the same run: ${granted.join()}`);
    for (const run of granted)
      say(
        written.some((item) => item.run === run && item.status === 'queued'),
        `run ${run} was never queued`,
      );
    const unanswered = resumes.filter(({ view, error }) => !view && error !== REFUSALS.resume).length;
    const runs = experiment.run - 1;
    say(
      runs >= granted.length && runs <= granted.length + unanswered,
      `${granted.length} resumes were granted, ${runs} happened`,
    );

    for (const { what, view } of this.asked)
      if (what === 'cancel' && view) {
        const end = written.filter(({ run }) => run === view.run).at(-1);
        say(end?.status === 'cancelled', `run ${view.run} was cancelled and ended ${end?.status}`);
      }

    const ofRun = (run: number) => account.executions.get(executionName(this.id, run));
    for (const [name, { status }] of account.executions) say(status !== 'RUNNING', `${name} is still running`);
    for (let run = 1; run < experiment.run; run++)
      say(isFinal(written.filter((item) => item.run === run).at(-1)?.status ?? 'queued'), `run ${run} did not end`);
    for (const { at } of account.alive) say(false, `${at.stage} ${at.run}-${at.attempt} is still alive`);

    const execution = ofRun(experiment.run);
    const plan = account.planOf(experiment.run);
    const cancelled = written.some(({ run, status }) => run === experiment.run && status === 'cancelling');
    const meets = plan && plan.exitCode !== 75 && execution?.input.inputs[plan.stage] === undefined;
    const own = meets ? (plan.exitCode === 66 ? 'rejected' : 'failed') : 'succeeded';
    const expected = cancelled ? 'cancelled' : own;
    say(experiment.status === expected, `run ${experiment.run} should have ended ${expected}, it ended ${experiment.status}`);
    say(
      (experiment.status === 'succeeded') === (experiment.bundle !== undefined),
      `${experiment.status}, with bundle ${experiment.bundle?.uri}`,
    );
    if (own === experiment.status && own !== 'succeeded')
      say(experiment.failure?.stage === plan?.stage, `the failure is that of ${experiment.failure?.stage}`);

    const reading = this.reader.withDetails(experiment);
    while (this.turns.count > 0) await this.turns.take(0);
    const view = await reading;
    say(view.progress === null || view.progress.run === experiment.run, `it shows progress of run ${view.progress?.run}`);
    for (const { run, stage, attempt, status } of view.attempts)
      say(status === 'SUCCEEDED' || status === 'FAILED', `attempt ${attempt} of ${stage} in run ${run} is shown as ${status}`);
    return wrong;
  }
}
