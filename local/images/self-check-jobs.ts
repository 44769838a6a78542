import {
  DATASET_VERSION_COMMAND,
  DATASET_VERSION_IMAGE,
  REHEARSAL_IMAGES,
  REHEARSALS,
  rehearsalCommand,
  SPOT_CHECK_COMMAND,
  SPOT_CHECK_IMAGE,
  STAGE_IMAGES,
  STAGES,
  type Stage,
  type StageImage,
  stageCommand,
} from '../../functions/shared/contracts/names.ts';
import type { QueueName } from '../../lib/config/queues.ts';

export type SelfCheckJob = {
  name: string;
  image: StageImage;
  definition: string;
  queue: string;
  command: string[];
  /** Over what the definition sets. */
  environment?: Record<string, string>;
};
export type SelfCheckOptions = {
  deployment: string;
  /** Instead of the one that lies in the image. */
  lock?: string | undefined;
  /** Whether training must find a GPU. */
  gpu: boolean;
};

/** Where a stage first tries to run: its instance is the one that has to fit. */
const QUEUE = { train: 'gpu-spot', benchmark: 'cpu-benchmark' } satisfies Partial<Record<Stage, QueueName>> as Partial<
  Record<Stage, QueueName>
>;
const OTHERS: QueueName = 'cpu-on-demand';

/** The self-check of every stage and rehearsal, of the spot check and of what makes datasets, as a job of its own definition, and so with its own image, role and environment. */
export const selfCheckJobs = ({ deployment, lock, gpu }: SelfCheckOptions): SelfCheckJob[] => {
  const job = (name: string, image: StageImage, command: string[], queue: QueueName = OTHERS, more: string[] = []) => ({
    name,
    image,
    definition: `${deployment}-${name}`,
    queue: `${deployment}-${queue}`,
    command: [...command, '--self-check', ...(lock === undefined ? [] : ['--lock', lock]), ...more],
  });
  return [
    ...STAGES.map((stage) =>
      job(stage, STAGE_IMAGES[stage], stageCommand(stage), QUEUE[stage], stage === 'train' && gpu ? ['--require-gpu'] : []),
    ),
    ...REHEARSALS.map((rehearsal) => job(`rehearse-${rehearsal}`, REHEARSAL_IMAGES[rehearsal], rehearsalCommand(rehearsal))),
    job('spot-check', SPOT_CHECK_IMAGE, [...SPOT_CHECK_COMMAND]),
    job('dataset', DATASET_VERSION_IMAGE, [...DATASET_VERSION_COMMAND]),
  ];
};
