import type { S3Client } from '@aws-sdk/client-s3';
import { executions } from '../../../../functions/experiments/executions.ts';
import { startRun } from '../../../../functions/experiments/start-run.ts';
import { type AttemptId, jobName, STAGES, type Stage } from '../../../../functions/shared/contracts/names.ts';
import { logger } from '../../../../functions/shared/handlers.ts';
import type { ExperimentItem } from '../../../../functions/shared/table/experiment.ts';
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
import { Invocation } from './invocation.ts';
import { endsNothingHealthy, hearsOfEnds, leavesNothingBehind, MINUTES_TO_REPAIR, reportsNothingOld } from './laws.ts';
import { LIMITS } from './limits.ts';
import { people } from './people.ts';
import { type Job, SimulatedBatch } from './simulated-batch.ts';
import { type Execution, type FailedStage, SimulatedStepFunctions } from './simulated-step-functions.ts';
import { type Call, SimulatedTable, simulatedStore } from './simulated-table.ts';
import { Timeline } from './timeline.ts';
import { type Weather, weatherOf } from './weather.ts';

const QUEUES = ['spot', 'any-spot', 'on-demand'].map((queue) => `arn:aws:batch:us-east-1:000000000000:job-queue/${queue}`);
const ID = 'exp_01arz3ndektsv4rrffq69g5fav';
const EXPERIMENT = anExperiment({ id: ID });
const MINUTE = 60;
/** An asynchronous Lambda invocation is repeated twice. */
const INVOCATIONS = 3;
/** Longer than any history takes: 8 stages of at most 8 attempts of at most 25 minutes each. */
const LONGEST_HOURS = 30;

logger.setLogLevel('SILENT');

/** What hangs takes two witnesses to be called so, and more luck to go wrong: it comes twice as often as the rest. */
const KINDS = [...Object.keys(MISHAPS), ...Object.keys(MISHAPS).filter((kind) => MISHAPS[kind]?.hangs)];

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
  private readonly start = this.timeline.now;
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
      ending: (job, reason) => endsNothingHealthy(this, job, reason),
      ended: (job) => hearsOfEnds(this, job),
    });
    this.stepFunctions = new SimulatedStepFunctions({
      chance,
      timeline: this.timeline,
      hazy,
      log,
      submit: (execution, token) => this.submit(execution, token),
      statusChanged: (execution) => this.publishExecution(execution),
      recordFailure: (failed, then) => this.recordFailure(failed, then),
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
    const seconds = ((this.timeline.now - this.start) / 1000).toFixed(1).padStart(8);
    this.told.push(`${seconds} s  ${line}`);
  }

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

  private submit(execution: Execution, token: string): Job {
    const { stage, attempt, run, rung, divisor, input } = execution;
    const at: AttemptId = { experimentId: ID, run, stage, attempt };
    const ladder = input.ladders[stage];
    const queue = ladder[Math.min(rung, ladder.length - 1)] ?? '';
    const kind = this.chance.misfortune(`${jobName(at).slice(31)}`, KINDS, this.mishaps);
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

  /** Invokes a function; a failed invocation is repeated up to so many times in all, as Lambda does. */
  readonly invoke = (name: string, work: Work, times = 1, then: () => void = () => {}): Promise<void> => {
    const log = (line: string) => this.log(line);
    const invocation = new Invocation(name, usualCalls(name), this.chance, this.timeline, this.weather, log);
    const call: Call = (what, effect) =>
      invocation.call(what, () => {
        log(`${name}: ${what}`);
        return effect();
      });
    const over = (outcome: 'done' | 'failed'): void => {
      if (outcome === 'done' || times <= 1) {
        then();
        return;
      }
      this.timeline.after(MINUTE, () => this.invoke(`${name}, repeated`, work, times - 1, then));
    };
    return invocation.run(() => work(this.observer(name, call)), over);
  };

  private observer(name: string, call: Call): Observer {
    // What it was given at its first look is what it decides on, or older than that.
    let read: ExperimentItem | undefined;
    const stepFunctions = this.stepFunctions.client(call, name, (token) => reportsNothingOld(this, name, token, read));
    const sees = (experiment: ExperimentItem | undefined): void => {
      read ??= experiment;
    };
    return {
      store: simulatedStore(this.table, call, name, sees),
      s3: this.bucket(call),
      batch: this.batch.client(call, name),
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
  private recordFailure(failed: FailedStage, then: () => void): void {
    const name = `record-failure ${failed.stage}-${failed.attempt}`;
    const work: Work = ({ store, batch }) => recordFailure({ experimentId: ID, ...failed }, { store, batch });
    this.timeline.after(1, () => this.invoke(name, work, 5, then));
  }

  private tick(): void {
    this.ticks++;
    leavesNothingBehind(this);
    const name = `supervisor ${this.ticks}`;
    this.timeline.after(MINUTE, () => this.tick(), false);
    if (!this.calm() && this.chance.strikes(`${name} does not come`, this.weather.tick)) return;
    this.timeline.after(0, () => this.invoke(name, (observer) => superviseExperiments({}, observer)));
  }

  private begin(): void {
    if (this.chance.strikes('create-experiment dies before it starts the execution', this.weather.call)) return;
    this.timeline.after(0.5, () =>
      this.invoke('create-experiment', ({ store, runs }) => startRun({ store: store.experiments, runs }, this.experiment)),
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
    people(this);
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
    for (const [event, work] of this.delivered) await this.invoke(`${event} once more`, work);
    await this.minutes(1);
  }
}

/** The supervisor lists every queue by state before it looks at an experiment; an execution's end takes the whole picture too. */
const usualCalls = (name: string): number => {
  if (name.startsWith('supervisor')) return 28;
  return name.startsWith('execution') ? 14 : 9;
};
