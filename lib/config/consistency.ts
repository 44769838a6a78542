import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import { accessProblems } from './access.ts';
import { deliveryStageProblems } from './delivery-stages.ts';
import type { Deployment } from './deployment.ts';
import { DeploymentError } from './deployment-error.ts';
import { placementProblems } from './placement.ts';
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

/** Lambda takes 4 KiB of environment. This is what the profiles may fill of it; the rest is below 1.3 KiB. */
const PROFILES_BYTES = 2_700;

/** A profile that differs from `default` in one stage: its name, a queue and a job definition. */
const VARIANT_BYTES = 300;

const environmentProblems = ({ name, profiles, benchmarkOnGraviton }: Deployment): string[] => {
  const rungs = Object.values(profiles).flatMap((ladders) => STAGES.flatMap((stage) => ladders[stage]));
  const bytes = rungs.reduce(
    (sum, queue) => sum + `"arn:aws:batch:eu-central-1:123456789012:job-queue/${name}-${queue}",`.length,
    benchmarkOnGraviton ? VARIANT_BYTES : 0,
  );
  return bytes <= PROFILES_BYTES
    ? []
    : [
        `the profiles take ${bytes} bytes of a function's environment, at most ${PROFILES_BYTES} are left for them. Use fewer profiles, shorter ladders or a shorter name.`,
      ];
};
