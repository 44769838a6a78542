import { randomUUID } from 'node:crypto';
import type { Api } from '../client/api.ts';
import { apiOfTier } from '../client/tier-api.ts';
import type { Tier } from '../tier/tier.ts';
import { debugSpec, uploadStart } from './debug-experiment.ts';
import type { Start } from './debug-model.ts';
import { type FaultOperator, makeFaultOperator } from './fault-operator.ts';
import type { Row } from './matrix.ts';
import type { Scene } from './scene.ts';

/** Where drills are run: a tier with an operator who plants faults, and the debug model uploaded. */
export type DrillGround = {
  api: Api;
  operator: FaultOperator;
  stateMachineArn: string;
  restart: Scene['restart'];
  /** Submits the experiment of a row; answers its id. */
  submit: (row: Row) => Promise<string>;
};

export const groundOn = async (
  { api, operator, stateMachineArn, restart }: Omit<DrillGround, 'submit'>,
  start: Start,
): Promise<DrillGround> => {
  const uploads = await uploadStart(api, start);
  // With a key, so that a submission that another row's fault refuses is sent again.
  const submit = async ({ real, maxAttempts }: Row): Promise<string> =>
    (await api.createExperiment(debugSpec(uploads, start, real, maxAttempts), randomUUID())).id;
  return { api, operator, stateMachineArn, restart, submit };
};

export const groundOnTier = async (tier: Tier, start: Start): Promise<DrillGround> => {
  const root = { accessKeyId: tier.memory.rootAccessKeyId, secretAccessKey: tier.memory.rootSecretAccessKey };
  const operator = await makeFaultOperator(tier.record, root);
  const restart = (service: 'batch' | 'aws'): Promise<void> => tier.restart(service === 'aws' ? 'everything' : 'batch');
  const stateMachineArn = String(tier.outputs.StateMachineArn);
  return groundOn({ api: await apiOfTier(tier.record), operator, stateMachineArn, restart }, start);
};
