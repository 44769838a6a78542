import { REHEARSALS, STAGES } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from './deployment.ts';
import { GRAVITON_PROFILE, GRAVITON_SIZE, GRAVITON_STAGE } from './graviton.ts';
import { KNOWN_FAMILIES, type Offer, offersOf } from './instance-catalogue.ts';
import { GRAVITON_QUEUE, type QueueName } from './queues.ts';
import { REHEARSAL_QUEUE, REHEARSAL_SIZES } from './rehearsal-sizes.ts';
import { SPOT_CHECK_QUEUES, SPOT_CHECK_SIZE } from './spot-checks.ts';

/** The agent and the kernel keep a part of an instance: a job that asks for more than this share never starts. */
const USABLE_MEMORY = 0.9;

/** A job and a queue that it may be sent to. `field` is where its size is configured, if anywhere. */
type Placement = { field: string; queue: QueueName; vcpus: number; memoryMiB: number; gpus: number; arm: boolean };

/** Jobs that would wait for ever on one of their queues, each as a sentence that names the fields. */
export const placementProblems = (deployment: Deployment): string[] => {
  const ladders = Object.values(deployment.profiles);
  const ofStages: Placement[] = STAGES.flatMap((stage) =>
    [...new Set(ladders.flatMap((ladder) => ladder[stage]))].map((queue) => ({
      ...deployment.stages[stage],
      field: `stages.${stage}`,
      queue,
      arm: false,
    })),
  );
  const ofRehearsals: Placement[] = REHEARSALS.map((rehearsal) => ({
    ...REHEARSAL_SIZES[rehearsal],
    field: `the rehearsal ${rehearsal}`,
    queue: REHEARSAL_QUEUE,
    arm: false,
  }));
  const ofSpotChecks: Placement[] = SPOT_CHECK_QUEUES.map((queue) => ({
    ...SPOT_CHECK_SIZE,
    field: 'the spot check',
    queue,
    arm: false,
  }));
  const placements = [...ofStages, ...ofRehearsals, ...ofSpotChecks];
  if (!deployment.benchmarkOnGraviton) return placements.flatMap((placement) => problemsOf(deployment, placement));
  const onGraviton = {
    ...GRAVITON_SIZE,
    gpus: 0,
    field: `the ${GRAVITON_STAGE} on Graviton`,
    queue: GRAVITON_QUEUE,
    arm: true,
  } as const;
  const taken = Object.hasOwn(deployment.profiles, GRAVITON_PROFILE)
    ? [`profiles.${GRAVITON_PROFILE} is the name of the profile that benchmarkOnGraviton brings. Call yours something else.`]
    : [];
  return [...taken, ...[...placements, onGraviton].flatMap((placement) => problemsOf(deployment, placement))];
};

const problemsOf = (deployment: Deployment, placement: Placement): string[] => {
  const { field, queue, vcpus } = placement;
  const { maxvCpus, instanceTypes } = deployment.queues[queue];
  const tooMany =
    vcpus > maxvCpus
      ? [
          `${field}.vcpus is ${vcpus}, but queues.${queue}.maxvCpus is ${maxvCpus}: the job would never start. Raise maxvCpus, together with the account's quota.`,
        ]
      : [];
  return [...tooMany, ...instanceTypes.flatMap((entry) => entryProblem(placement, entry) ?? [])];
};

const entryProblem = (placement: Placement, entry: string): string | undefined => {
  const { field, queue, vcpus, memoryMiB, gpus, arm } = placement;
  const named = `queues.${queue}.instanceTypes`;
  const offers = offersOf(entry);
  if (offers.length === 0) {
    return `${named} names ${entry}, whose size is not known here. Known families: ${KNOWN_FAMILIES.join(', ')}; add it to lib/config/instance-catalogue.ts.`;
  }
  if (offers.some((offer) => offer.arm !== arm)) {
    return `${named} names ${entry}, which is ${arm ? 'not ' : ''}an Arm instance: ${GRAVITON_QUEUE} takes nothing else, and no other queue takes any. Change ${named}.`;
  }
  // Every size of a family has to hold it: Batch goes by nominal memory, so it would start one that the job only nominally fits.
  const tooSmall = offers.find((offer) => offer.vcpus < vcpus || usableMiB(offer) < memoryMiB || offer.gpus < gpus);
  return tooSmall === undefined
    ? undefined
    : `${field} asks for ${vcpus} vCPUs (vcpus), ${memoryMiB} MiB (memoryMiB) and ${gpus} GPUs (gpus), but ${entry} in ${named} may be an instance of ${tooSmall.vcpus} vCPUs, ${usableMiB(tooSmall)} MiB (${USABLE_MEMORY * 100} % of its memory is usable) and ${tooSmall.gpus} GPUs. Lower ${field}, or name types that are large enough.`;
};

const usableMiB = ({ memoryMiB }: Offer): number => Math.floor(memoryMiB * USABLE_MEMORY);
