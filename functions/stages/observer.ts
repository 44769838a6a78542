import { executions } from '../experiments/executions.ts';
import { batchClient, documentClient, s3Client, stepFunctionsClient } from '../shared/clients.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import type { Environment } from '../shared/env.ts';
import { carryOut, type Hands } from './carry-out.ts';
import type { Eyes, Gathered } from './gather.ts';
import { type Limits, reconcile } from './reconcile.ts';
import { stageStore } from './stage-store.ts';

/** What track-job, track-execution and supervise-experiments declare: they look at and act on the same things. */
export const OBSERVER_ENVIRONMENT = [
  'TABLE_NAME',
  'EXPERIMENTS_BUCKET',
  'STATE_MACHINE_ARN',
  'JOB_QUEUES',
  'HANG_LIMITS',
  'START_AFTER_SECONDS',
] as const;

export type Observer = Eyes & Hands & { limits: Limits; queues: readonly string[] };

export const observer = (env: Environment<(typeof OBSERVER_ENVIRONMENT)[number]>, clock: Clock = systemClock): Observer => {
  const stepFunctions = stepFunctionsClient();
  return {
    store: stageStore({ client: documentClient(), table: env.TABLE_NAME }, clock),
    s3: s3Client(),
    batch: batchClient(),
    stepFunctions,
    runs: executions(stepFunctions, env.STATE_MACHINE_ARN),
    bucket: env.EXPERIMENTS_BUCKET,
    stateMachineArn: env.STATE_MACHINE_ARN,
    queues: env.JOB_QUEUES,
    limits: { hangSeconds: env.HANG_LIMITS, startAfterSeconds: env.START_AFTER_SECONDS },
    clock,
  };
};

/** Decides on what was gathered and carries it out. @returns the types of the actions, for the log */
export const settle = async (observer: Observer, gathered: Gathered): Promise<string[]> => {
  const { asOf, experiment, stored, batch, execution, progress } = gathered;
  const actions = reconcile(stored, batch, execution, progress, asOf, observer.limits);
  await carryOut(observer, experiment, actions);
  return actions.map(({ type }) => type);
};
