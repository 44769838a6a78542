import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import { accessProblems } from './access.ts';
import { deliveryStageProblems } from './delivery-stages.ts';
import { type Deployment, MAX_NAME } from './deployment.ts';
import { DeploymentError } from './deployment-error.ts';
import { inferenceProblems } from './inference.ts';
import { placementProblems } from './placement.ts';
import { precisionLimits } from './precisions.ts';
import { QUEUES } from './queues.ts';
import { storageProblems } from './storage.ts';

/** From a job's end to the state machine: Batch's event, the supervisor's minute if it was lost, and a reserve. */
export const REPORTING_SECONDS = 300;

/** What a stage's Task has to outlast: waiting at the head of a queue, running, and the report of its end. */
export const taskSecondsNeeded = (deployment: Deployment, stage: Stage): number =>
  deployment.limits.queueSeconds + deployment.stages[stage].attemptDurationSeconds + REPORTING_SECONDS;

/** Refuses a deployment whose limits contradict each other or whose jobs fit no instance of their queues. */
export const assertConsistent = (deployment: Deployment): void => {
  const problems = [
    ...STAGES.flatMap((stage) => timeoutProblems(deployment, stage)),
    ...placementProblems(deployment),
    ...environmentProblems(deployment),
    ...accessProblems(deployment),
    ...deliveryStageProblems(deployment),
    ...storageProblems(deployment),
    ...inferenceProblems(deployment),
  ];
  if (problems.length > 0) throw new DeploymentError(problems);
};

const timeoutProblems = (deployment: Deployment, stage: Stage): string[] => {
  const { hangLimitSeconds, attemptDurationSeconds, taskTimeoutSeconds } = deployment.stages[stage];
  const needed = taskSecondsNeeded(deployment, stage);
  return [
    ...(hangLimitSeconds < attemptDurationSeconds
      ? []
      : [
          `stages.${stage}.hangLimitSeconds is ${hangLimitSeconds}, but an attempt ends after ${attemptDurationSeconds} s (attemptDurationSeconds): a hang would never be noticed. Lower the one or raise the other.`,
        ]),
    ...(needed < taskTimeoutSeconds
      ? []
      : [
          `the state machine gives up on ${stage} after ${taskTimeoutSeconds} s (taskTimeoutSeconds), but ${needed} s can pass before its end is known (limits.queueSeconds ${deployment.limits.queueSeconds} + stages.${stage}.attemptDurationSeconds ${attemptDurationSeconds} + ${REPORTING_SECONDS}). Raise taskTimeoutSeconds or lower the others.`,
        ]),
  ];
};

/** Lambda takes 4 KiB of environment. This is what a configuration may fill of it; all that has one length or another is below 2 KiB. */
const CONFIGURED_BYTES = 2_000;

/** As long as a region, an account and a name can make it. */
const QUEUE_ARN_BYTES = 'arn:aws:batch:ap-southeast-1:123456789012:job-queue/'.length + MAX_NAME + '-gpu-on-demand'.length;

/** A profile that differs from `default` in one stage: its name, a queue and a job definition. */
const VARIANT_BYTES = 300;

const environmentProblems = (deployment: Deployment): string[] => {
  const { profiles, benchmarkOnGraviton, allowedSources, identity } = deployment;
  const bytes =
    QUEUES.reduce((sum, queue) => sum + `"${queue}":"",`.length + QUEUE_ARN_BYTES, 0) +
    JSON.stringify([profiles, precisionLimits(deployment), allowedSources, identity.claims]).length +
    (benchmarkOnGraviton ? VARIANT_BYTES : 0);
  return bytes <= CONFIGURED_BYTES
    ? []
    : [
        `profiles, allowedSources and identity.claims take ${bytes} bytes of a function's environment, at most ${CONFIGURED_BYTES} are left for them. Use fewer profiles, shorter ladders or fewer sources.`,
      ];
};
