import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from './deployment.ts';
import { DeploymentError } from './deployment-error.ts';
import { KNOWN_FAMILIES, offersOf } from './instance-catalogue.ts';
import type { QueueName } from './queues.ts';

/** The agent and the kernel keep a part of an instance: a job that asks for more than this share never starts. */
const USABLE_MEMORY = 0.9;

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

const placementProblems = (deployment: Deployment): string[] => {
  const problems = new Set<string>();
  for (const ladders of Object.values(deployment.profiles)) {
    for (const stage of STAGES) {
      for (const queue of ladders[stage]) {
        for (const entry of deployment.queues[queue].instanceTypes) {
          const problem = placementProblem(deployment, stage, queue, entry);
          if (problem) problems.add(problem);
        }
      }
    }
  }
  return [...problems];
};

const placementProblem = (deployment: Deployment, stage: Stage, queue: QueueName, entry: string): string | undefined => {
  const { vcpus, memoryMiB, gpus } = deployment.stages[stage];
  const offers = offersOf(entry);
  if (offers.length === 0) {
    return `queues.${queue}.instanceTypes names ${entry}, whose size is not known here. Known families: ${KNOWN_FAMILIES.join(', ')}; add it to lib/config/instance-catalogue.ts.`;
  }
  const fits = offers.some((offer) => offer.vcpus >= vcpus && offer.memoryMiB * USABLE_MEMORY >= memoryMiB && offer.gpus >= gpus);
  return fits
    ? undefined
    : `stages.${stage} asks for ${vcpus} vCPUs, ${memoryMiB} MiB and ${gpus} GPUs, which ${entry} of queue ${queue} does not offer (${USABLE_MEMORY * 100} % of its memory is usable). Lower stages.${stage} or change queues.${queue}.instanceTypes.`;
};

/** Lambda takes 4 KiB of environment. This is what the profiles may fill of it; the rest is below 1.3 KiB. */
const PROFILES_BYTES = 2_700;

const environmentProblems = ({ name, profiles }: Deployment): string[] => {
  const rungs = Object.values(profiles).flatMap((ladders) => STAGES.flatMap((stage) => ladders[stage]));
  const bytes = rungs.reduce(
    (sum, queue) => sum + `"arn:aws:batch:eu-central-1:123456789012:job-queue/${name}-${queue}",`.length,
    0,
  );
  return bytes <= PROFILES_BYTES
    ? []
    : [
        `the profiles take ${bytes} bytes of a function's environment, at most ${PROFILES_BYTES} are left for them. Use fewer profiles, shorter ladders or a shorter name.`,
      ];
};
