import { EVENTS } from '../../functions/shared/contracts/names.ts';
import type { QueueName } from '../../lib/config/queues.ts';
import { DEPLOYMENT } from '../tier/deployment-name.ts';
import { stopExecution } from './fault-operator.ts';
import { type AwsFaults, type BatchFaults, plantInAws, plantInBatch } from './fault-routes.ts';
import { overlay } from './images.ts';
import type { Scene } from './scene.ts';

/**
 * Makes one thing go wrong for the experiment of a scene, which was submitted a moment ago. Answers when it went wrong, in epoch
 * milliseconds; undefined when that is the end of the stage's first attempt.
 */
export type Planting = (scene: Scene) => Promise<number | undefined>;

/** A stage that ends within seconds is held for as long as it takes to be hit. */
const HELD_SECONDS = 60;
/** The spot notice is looked for every five seconds, and the child needs one to come up. */
const CHILD_UP_MS = 2_500;

/** In one go: the first to say when it went wrong says it for all. */
export const both =
  (...plantings: Planting[]): Planting =>
  async (scene) =>
    (await Promise.all(plantings.map((plant) => plant(scene)))).find((at) => at !== undefined);

/** A fault inside the container, in the attempt given. */
export const inside =
  (name: string, environment: Record<string, number | string> = {}, attempt = 1): Planting =>
  async (scene) => {
    const settings = Object.entries(environment).map(([key, value]) => [`DRILL_${key}`, String(value)]);
    await plantInBatch(scene.operator, 'jobs/overlay', {
      jobNamePattern: scene.job(attempt),
      pythonPath: overlay(name),
      environment: Object.fromEntries(settings),
    });
    return undefined;
  };

/** What Batch is to do wrong with this job, told before it starts. */
export const ofBatch =
  <Route extends 'events/drop' | 'events/double' | 'events/delay' | 'events/reorder' | 'jobs/cannot-start' | 'jobs/time-out'>(
    route: Route,
    body: Omit<BatchFaults[Route], 'jobNamePattern'>,
    attempt = 1,
  ): Planting =>
  async (scene) => {
    await plantInBatch(scene.operator, route, { ...body, jobNamePattern: scene.job(attempt) } as BatchFaults[Route]);
    return undefined;
  };

type Blow = (scene: Scene, jobName: string) => Promise<void>;

/** Waits until the stage works: training until its first committed checkpoint, another stage until it is held. Answers when. */
const atWork = async (scene: Scene, heldSeconds: number, attempt = 1): Promise<number> => {
  if (scene.stage === 'train') await scene.checkpointed();
  else await inside('hold', { AT_STEP: 1, HOLD_SECONDS: heldSeconds }, attempt)(scene);
  await scene.running(scene.stage === 'train' ? 0 : CHILD_UP_MS, attempt);
  return Date.now();
};

/** Strikes while the stage works. */
export const during =
  (blow: Blow, attempt = 1): Planting =>
  async (scene) => {
    const at = await atWork(scene, HELD_SECONDS, attempt);
    await blow(scene, scene.job(attempt));
    return at;
  };

export const reclaim =
  (noticeSeconds: number): Blow =>
  (scene, jobName) =>
    plantInBatch(scene.operator, 'hosts/reclaim', { jobName, noticeSeconds });

export const kill =
  (process: 'container' | 'child'): Blow =>
  (scene, jobName) =>
    plantInBatch(scene.operator, 'jobs/kill', { jobName, process });

export const outOfMemory: Blow = (scene, jobName) => plantInBatch(scene.operator, 'jobs/out-of-memory', { jobName });

export const stoppedFromOutside: Blow = (scene) => stopExecution(scene.operator, scene.stateMachineArn, scene.id);

export const restarted =
  (service: 'batch' | 'aws'): Blow =>
  (scene) =>
    scene.restart(service);

/** What AWS refuses or loses from the moment on in which the stage works. The stage goes on; it is held for a few seconds if it is short. */
export const meanwhile =
  <Route extends keyof AwsFaults>(route: Route, body: AwsFaults[Route], heldSeconds = 8): Planting =>
  async (scene) => {
    const at = await atWork(scene, heldSeconds);
    await plantInAws(scene.operator, route, body);
    return at;
  };

/** What goes wrong in AWS from the submission on. */
export const ofAws =
  <Route extends keyof AwsFaults>(route: Route, body: AwsFaults[Route]): Planting =>
  async (scene) => {
    await plantInAws(scene.operator, route, body);
    return undefined;
  };

export const progressLost = ofAws('events/drop', { detailType: EVENTS.stageProgress.detailType, seconds: 120 });

const setCapacity = async ({ operator }: Scene, queues: readonly QueueName[], available: boolean): Promise<void> => {
  for (const queue of queues) await plantInBatch(operator, 'queues/capacity', { queue: `${DEPLOYMENT}-${queue}`, available });
};

/** No host is to be had for these queues, on a clock on which the ten minutes that a queue's head may wait are seconds. */
export const noCapacity =
  (...queues: QueueName[]): Planting =>
  async (scene) => {
    await setCapacity(scene, queues, false);
    await plantInBatch(scene.operator, 'clock', { timeScale: FAST });
    return undefined;
  };

/** The same, until the first job has been given up. */
export const noCapacityAtFirst =
  (...queues: QueueName[]): Planting =>
  async (scene) => {
    await noCapacity(...queues)(scene);
    await scene.submitted(2);
    await setCapacity(scene, queues, true);
    return undefined;
  };

/** An hour is 90 s and the supervisor's minute is shorter: what comes an hour late comes after it. A queue's ten minutes are 15 s. */
const FAST = 40;

export const anHourLate: Planting = both(
  ofBatch('events/delay', { statuses: ['SUCCEEDED'], seconds: 3600 }),
  async (scene) => void (await plantInBatch(scene.operator, 'clock', { timeScale: FAST })),
);
