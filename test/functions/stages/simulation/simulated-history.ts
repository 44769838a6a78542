import type { S3Client } from '@aws-sdk/client-s3';
import { cancellation } from '../../../../functions/experiments/cancel-experiment.ts';
import { executions } from '../../../../functions/experiments/executions.ts';
import { resumption } from '../../../../functions/experiments/resumption.ts';
import { startRun } from '../../../../functions/experiments/start-run.ts';
import { type AttemptId, jobName, STAGES, type Stage } from '../../../../functions/shared/contracts/names.ts';
import { logger } from '../../../../functions/shared/handlers.ts';
import type { ExperimentItem } from '../../../../functions/shared/table/experiment.ts';
import { compareAttempts } from '../../../../functions/stages/attempt-order.ts';
import type { JobEventDetail } from '../../../../functions/stages/job-view.ts';
import type { Observer } from '../../../../functions/stages/observer.ts';
import { recordFailure } from '../../../../functions/stages/record-failure.ts';
import { recordProgress } from '../../../../functions/stages/record-progress.ts';
import { superviseExperiments } from '../../../../functions/stages/supervise-experiments.ts';
import { trackExecution } from '../../../../functions/stages/track-execution.ts';
import { trackJob } from '../../../../functions/stages/track-job.ts';
import { anExperiment, byStage } from '../../an-experiment.ts';
import { anEvent, MACHINE } from '../an-observer.ts';
import { Chance } from './chance.ts';
import { type Ending, GOOD, MISHAPS } from './endings.ts';
import { Invocation, type Weather } from './invocation.ts';
import { LIMITS } from './limits.ts';
import { type Job, SimulatedBatch } from './simulated-batch.ts';
import { type Execution, type FailedStage, SimulatedStepFunctions } from './simulated-step-functions.ts';
import { type Call, SimulatedTable, simulatedStore } from './simulated-table.ts';
import { Timeline } from './timeline.ts';

export const QUEUES = ['spot', 'any-spot', 'on-demand'].map((queue) => `arn:aws:batch:us-east-1:000000000000:job-queue/${queue}`);
const ID = 'exp_01arz3ndektsv4rrffq69g5fav';
const EXPERIMENT = anExperiment({ id: ID });
const MINUTE = 60;
/** An asynchronous Lambda invocation is repeated twice, a minute and two minutes later. */
const INVOCATIONS = 3;
/** Minutes of the supervisor in which all must be right again, once nothing goes wrong any more and nothing else is to come. */
const MINUTES_TO_REPAIR = 4;
/** Longer than any history takes: 8 stages of at most 6 attempts of at most half an hour. */
const LONGEST_HOURS = 30;

logger.setLogLevel('SILENT');

type Work = (observer: Observer) => Promise<unknown>;

/**
 * One experiment in a simulated account. Batch, Step Functions, the table and the bus are played; the functions are the product's own, from
 * the event to the last write. What goes wrong, and when, follows from the seed.
 */
export class SimulatedHistory {
  readonly chance: Chance;
  readonly timeline = new Timeline();
  readonly table: SimulatedTable;
  readonly batch: SimulatedBatch;
  readonly stepFunctions: SimulatedStepFunctions;
  readonly weather: Weather;
  /** Broken laws, in words. */
  readonly violations: string[] = [];
  readonly first: Stage;
  readonly told: string[] = [];
  private readonly mishaps: number;
  private readonly traced: boolean;
  private readonly queues: string[];
  private ticks = 0;
  private readonly delivered: [string, Work][] = [];

  constructor(seed: number, spared: ReadonlySet<string> = new Set(), traced = false) {
    this.traced = traced;
    const chance = new Chance(seed, spared);
    this.chance = chance;
    this.weather = weatherOf(chance, this.timeline.now);
    this.mishaps = chance.pick([0.1, 0.3, 0.6, 0.8], 'how often attempts go wrong');
    // Most histories are short, so that many fit: what a stage goes through does not depend on how many came before it.
    this.first = STAGES[chance.pick([0, 5, 6, 6, 7, 7, 7], 'first stage')] ?? 'ingest';
    const log = (line: string) => this.log(line);
    const hazy = () => (this.calm() ? 0 : this.weather.view);
    const experiment = this.anExperiment();
    this.queues = experiment.spec.pins.ladders.train;
    this.table = new SimulatedTable(experiment, () => this.timeline.now);
    this.batch = new SimulatedBatch({
      chance,
      timeline: this.timeline,
      hazy,
      log,
      stateChanged: (job, detail) => this.publishJob(job, detail),
      progressed: (job, progress) =>
        this.publish(`progress ${progress.sequence} of ${job.id}`, ({ store }) =>
          recordProgress(anEvent('Stage Progress', progress), { store }),
        ),
      ending: (job, reason, askedAt) => this.checkEnding(job, reason, askedAt),
      ended: (job) => this.checkReported(job),
    });
    this.stepFunctions = new SimulatedStepFunctions({
      chance,
      timeline: this.timeline,
      hazy,
      log,
      submit: (execution, token) => this.submit(execution, token),
      statusChanged: (execution) => this.publishExecution(execution),
      recordFailure: (_execution, failed, then) => this.giveUp(failed, then),
    });
  }

  private anExperiment(): ExperimentItem {
    const maxAttempts = this.chance.pick([1, 2, 3, 3, 3, 5], 'maxAttempts');
    const rungs = this.chance.pick([1, 2, 3, 3], 'rungs');
    const createdAt = new Date(this.timeline.now).toISOString();
    const done = STAGES.slice(0, STAGES.indexOf(this.first));
    const { spec } = EXPERIMENT;
    return {
      ...EXPERIMENT,
      createdAt,
      updatedAt: createdAt,
      spec: {
        ...spec,
        compute: { ...spec.compute, maxAttempts },
        pins: { ...spec.pins, ladders: byStage(() => QUEUES.slice(0, rungs)) },
      },
      inputs: Object.fromEntries(done.map((stage) => [stage, `s3://experiments/${stage}`])),
    };
  }

  calm(): boolean {
    return this.timeline.now >= this.weather.until;
  }

  log(line: string): void {
    if (!this.traced) return;
    const seconds = ((this.timeline.now - (this.start ?? 0)) / 1000).toFixed(1).padStart(8);
    this.told.push(`${seconds} s  ${line}`);
  }

  private readonly start = this.timeline.now;

  violated(what: string): void {
    this.log(`VIOLATED: ${what}`);
    this.violations.push(what);
  }

  get experiment() {
    const { experiment } = this.table;
    if (!experiment) throw new Error('there is no experiment');
    return experiment;
  }

  get execution(): Execution | undefined {
    return this.stepFunctions.executions.at(-1);
  }

  // What the account does of its own accord.

  private submit(execution: Execution, token: string): Job {
    const { stage, attempt, run, rung, divisor, input } = execution;
    const at: AttemptId = { experimentId: ID, run, stage, attempt };
    const ladder = input.ladders[stage];
    const queue = ladder[Math.min(rung, ladder.length - 1)] ?? '';
    const kind = this.chance.misfortune(`${jobName(at).slice(31)}`, Object.keys(MISHAPS), this.mishaps);
    const ending: Ending = (kind === undefined ? undefined : MISHAPS[kind]) ?? GOOD;
    return this.batch.submit(at, token, queue, String(divisor), ending);
  }

  private publishJob(job: Job, detail: JobEventDetail): void {
    this.publish(`${job.id} ${detail.status}`, (observer) => trackJob(anEvent('Batch Job State Change', detail), observer));
  }

  private publishExecution(execution: Execution): void {
    const { name, status, error, cause } = execution;
    const terse = this.chance.at(`${status} event tells no cause`) < 0.5;
    const detail = { name, status, ...(terse ? {} : { error: error ?? null, cause: cause ?? null }) };
    this.publish(`execution ${name.slice(31)} ${status}`, (observer) =>
      trackExecution(anEvent('Step Functions Execution Status Change', detail), observer),
    );
  }

  /** Hands an event to the bus, which may lose, double or delay it. */
  private publish(event: string, work: Work): void {
    const { chance, weather } = this;
    const rough = !this.calm();
    this.delivered.push([event, work]);
    if (rough && chance.strikes(`${event} is lost`, weather.lost)) return;
    const copies = rough && chance.strikes(`${event} comes twice`, weather.doubled) ? 2 : 1;
    for (let copy = 1; copy <= copies; copy++) {
      const name = copy === 1 ? event : `${event} again`;
      const late = rough && chance.strikes(`${name} is late`, weather.late);
      const seconds = late ? 10 ** chance.between(1, 3, `${name} by`) : chance.between(0.1, 3, `${name} takes`);
      this.timeline.after(seconds, () => this.invoke(name, work, INVOCATIONS));
    }
  }

  /** Invokes a function; a failed invocation is repeated as Lambda does. */
  private invoke(name: string, work: Work, times: number, then: (outcome: 'done' | 'failed') => void = () => {}): Promise<void> {
    const log = (line: string) => this.log(line);
    const invocation = new Invocation(name, usualCalls(name), this.chance, this.timeline, this.weather, log);
    const call: Call = (what, effect) =>
      invocation.call(what, () => {
        this.log(`${name}: ${what}`);
        return effect();
      });
    return invocation.run(
      () => work(this.observer(name, call, invocation)),
      (outcome) => {
        if (outcome === 'done' || times <= 1) return then(outcome);
        const retry = `${name} (retry ${INVOCATIONS - times + 1})`;
        this.timeline.after(MINUTE * (INVOCATIONS - times + 1), () => this.invoke(retry, work, times - 1, then));
      },
    );
  }

  private observer(name: string, call: Call, invocation: Invocation): Observer {
    // What it was given at its first look is what it decides on, or older than that.
    let read: ExperimentItem | undefined;
    const stepFunctions = this.stepFunctions.client(call, name, (token) => this.checkReport(name, token, read));
    const sees = (experiment: ExperimentItem | undefined): void => {
      read ??= experiment;
    };
    return {
      store: simulatedStore(this.table, call, name, sees),
      s3: this.bucket(call),
      batch: this.batch.client(call, name, () => invocation.startedAt),
      stepFunctions,
      runs: executions(stepFunctions, MACHINE),
      bucket: 'experiments',
      stateMachineArn: MACHINE,
      queues: this.queues,
      limits: LIMITS,
      clock: { now: () => new Date(this.timeline.now) },
    };
  }

  /** S3, for the two documents of an attempt that the functions read. */
  private bucket(call: Call): S3Client {
    const get = (key: string): object => {
      const [, , stage, place, document] = key.split('/');
      const name = `${ID}-r${place?.slice(1, place.indexOf('-'))}-${stage}-${place?.slice(place.indexOf('-') + 1)}`;
      const found = this.batch.documentOf(name, document ?? '');
      if (!found) throw Object.assign(new Error(key), { name: 'NoSuchKey' });
      return { Body: { transformToString: () => Promise.resolve(found) } };
    };
    const send = ({ input }: { input: { Key?: string } }) =>
      call(`GetObject ${input.Key?.slice(43)}`, () => get(input.Key ?? ''));
    return { send } as unknown as S3Client;
  }

  /** The state machine's RecordFailure, which is tried five times and given up then. */
  private giveUp(failed: FailedStage, then: () => void): void {
    const event = { experimentId: ID, ...failed };
    void this.timeline.after(1, () =>
      this.invoke(
        `record-failure ${failed.stage}-${failed.attempt}`,
        ({ store, batch }) => recordFailure(event, { store, batch }),
        5,
        () => then(),
      ),
    );
  }

  // What people and the clock do.

  private tick(): void {
    this.ticks++;
    for (const job of this.batch.jobs) this.checkWaitedFor(job);
    const name = `supervisor ${this.ticks}`;
    this.timeline.after(MINUTE, () => this.tick(), false);
    if (!this.calm() && this.chance.strikes(`${name} does not come`, this.weather.tick)) return;
    this.timeline.after(0, () => this.invoke(name, (observer) => superviseExperiments({}, observer), 1));
  }

  private begin(): void {
    if (this.chance.strikes('create-experiment dies before it starts the execution', this.weather.call)) return;
    this.timeline.after(0.5, () =>
      this.invoke('create-experiment', ({ store, runs }) => startRun({ store: store.experiments, runs }, this.experiment), 1),
    );
  }

  private people(): void {
    const { chance, timeline } = this;
    const whenever = (what: string, probability: number, act: () => void | Promise<void>): void => {
      if (!chance.strikes(what, probability)) return;
      timeline.after(10 ** chance.between(0, 3, `${what} at`), act);
    };
    whenever('a user cancels', 0.15, () => this.cancel());
    whenever('a user cancels once more', 0.05, () => this.cancel());
    for (const nth of ['', ' once more', ' a third time']) whenever(`a user resumes${nth}`, 0.2, () => this.resume(nth));
    whenever('somebody stops the execution in the console', 0.1, () =>
      this.onExecution((it) => this.stepFunctions.end(it, 'ABORTED')),
    );
    whenever('the execution takes too long', 0.03, () => this.onExecution((it) => this.stepFunctions.end(it, 'TIMED_OUT')));
    whenever('the execution is deleted', 0.05, () =>
      this.onExecution((it) => {
        it.deleted = true;
        it.token = undefined;
        this.log('the execution is deleted');
      }),
    );
  }

  private onExecution(act: (execution: Execution) => void): void {
    const { execution } = this;
    if (execution && this.stepFunctions.isRunning(execution)) act(execution);
  }

  private cancel(): Promise<void> {
    return this.invoke(
      'cancel-experiment',
      async ({ store, runs }) => {
        const { status, run } = await store.experiments.change(ID, cancellation);
        if (status === 'cancelling') await runs.stop(ID, run, 'Cancelled by its owner.');
      },
      1,
    );
  }

  /** Resumes, unless there is nothing to resume; now and then a stored result no longer holds. */
  private resume(nth: string): Promise<void> {
    const worksAgain = this.chance.strikes(`a result does not hold any more${nth}`, 0.3);
    return this.invoke(
      `resume-experiment${nth}`,
      async ({ store, runs }) => {
        const experiment = await store.experiments.get(ID);
        if (!experiment || (experiment.status !== 'failed' && experiment.status !== 'cancelled')) return;
        const done = STAGES.filter((stage, index) => STAGES.slice(0, index + 1).every((it) => experiment.inputs?.[it]) && stage);
        const holds = worksAgain ? done.slice(0, -1) : done;
        const manifests = Object.fromEntries(holds.map((stage) => [stage, experiment.inputs?.[stage] ?? '']));
        const resumed = await store.experiments.write(experiment, resumption(experiment, { manifests }));
        await startRun({ store: store.experiments, runs }, resumed);
      },
      1,
    );
  }

  // The laws that hold at every moment.

  /** We end nobody's healthy work. */
  private checkEnding(job: Job, reason: string, askedAt: number): void {
    const { status } = this.experiment;
    if (status === 'cancelling' || status === 'cancelled') return;
    if (!this.isWanted(job) || this.batch.isHung(job) || this.batch.isStarved(job)) return;
    this.violated(
      `${job.id} (${jobName(job.at).slice(31)}) was healthy and is ended: ${reason} (asked for at ${askedAt - this.start} ms)`,
    );
  }

  private isWanted({ token }: Job): boolean {
    return this.stepFunctions.executions.some((it) => this.stepFunctions.isRunning(it) && it.token === token);
  }

  /** Once nothing goes wrong any more, nothing is alive for long that nobody waits for, stands still, or is never given a machine. */
  private checkWaitedFor(job: Job): void {
    if (!this.batch.isAlive(job)) return;
    const { now } = this.timeline;
    const wanted = this.isWanted(job);
    const inVain = !wanted || this.batch.isHung(job) || this.batch.isStarved(job, 2);
    if (!inVain) job.inVainSince = undefined;
    else job.inVainSince ??= now;
    if (job.inVainSince === undefined) return;
    const calmMinutes = (now - Math.max(job.inVainSince, this.weather.until)) / 60_000;
    if (calmMinutes > MINUTES_TO_REPAIR)
      this.violated(
        `${job.id} is alive, ${wanted ? 'and gets nowhere' : 'and nobody waits for it'}, after ${MINUTES_TO_REPAIR} calm minutes`,
      );
  }

  /** Nobody reports an attempt when it has read that a later one is the current one. */
  private checkReport(who: string, token: string, read: ExperimentItem | undefined): void {
    const job = this.batch.jobs.find((candidate) => candidate.token === token);
    if (job && read?.current && compareAttempts(job.at, read.current) < 0)
      this.violated(
        `${who} reports ${jobName(job.at).slice(31)}, and had read that ${read.stage}-${read.current.attempt} is the current one`,
      );
  }

  /** Once nothing goes wrong any more, the execution hears of an attempt's end within minutes. */
  private checkReported(job: Job): void {
    const from = Math.max(this.timeline.now, this.weather.until);
    const seconds = (from - this.timeline.now) / 1000 + MINUTES_TO_REPAIR * MINUTE;
    this.timeline.after(
      seconds,
      () => {
        if (this.isWanted(job))
          this.violated(`${MINUTES_TO_REPAIR} calm minutes after ${job.id} ended its execution has not heard of it`);
      },
      false,
    );
  }

  /** Nothing is to come but deadlines and ticks. */
  private isStill(): boolean {
    const { execution } = this;
    const alive = this.batch.jobs.some((job) => this.batch.isAlive(job));
    const running = execution !== undefined && this.stepFunctions.isRunning(execution);
    return this.experiment.status !== 'queued' && !running && !alive && this.timeline.awaited === 0;
  }

  /** Lets everything happen, then gives the supervisor its minutes. */
  async unfold(): Promise<void> {
    this.begin();
    this.people();
    this.timeline.after(MINUTE * this.chance.at('first tick'), () => this.tick(), false);
    const last = this.start + LONGEST_HOURS * 3_600_000;
    while (this.violations.length === 0 && !(this.isStill() && this.calm())) {
      // What is still goes wrong for some minutes more, and not for the hours that the seed would have.
      if (this.isStill())
        this.weather.until = Math.min(this.weather.until, this.timeline.now + MINUTES_TO_REPAIR * MINUTE * 1000);
      if (await this.timeline.step(last)) continue;
      this.violated(`it is not over after ${LONGEST_HOURS} hours`);
      return;
    }
    await this.minutes(MINUTES_TO_REPAIR);
  }

  private async minutes(count: number): Promise<void> {
    const until = this.timeline.now + count * MINUTE * 1000;
    while (this.violations.length === 0 && (await this.timeline.step(until)));
  }

  /** Every event once more, and the supervisor: what is right must stay as it is. */
  async replay(): Promise<void> {
    for (const [event, work] of this.delivered) await this.invoke(`${event} once more`, work, 1);
    await this.minutes(1);
  }
}

/** The supervisor lists every queue by state before it looks at an experiment. */
const usualCalls = (name: string): number => (name.startsWith('supervisor') ? 28 : 9);

/** Some histories have hardly any weather, some lose every event, some have all of it at once. */
const weatherOf = (chance: Chance, now: number): Weather => {
  const often = (what: string, ...rates: number[]): number => chance.pick(rates, `how often ${what}`);
  return {
    call: often('calls fail', 0, 0.1, 0.3, 0.6),
    lost: often('events are lost', 0, 0.1, 0.3, 1),
    doubled: often('events are doubled', 0, 0.1, 0.5),
    late: often('events are late', 0, 0.2, 0.5),
    view: often('views are wrong', 0, 0.1, 0.4),
    tick: often('ticks fail to come', 0, 0.1, 0.5),
    until: now + 1000 * 10 ** chance.between(1, 3.4, 'how long'),
  };
};
