import * as z from 'zod';
import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import { type LadderQueue, QUEUES } from './queues.ts';

const HOUR = 3600;

type StageDefaults = {
  vcpus: number;
  memoryMiB: number;
  gpus: number;
  sharedMemoryMiB?: number;
  attemptDurationSeconds: number;
  hangLimitSeconds: number;
};

/** What Docker gives when nobody asks. */
const DOCKER_SHARED_MEMORY_MIB = 64;

/** A week: waiting behind our own jobs is no failure, so a Task outlasts a busy weekend. Only a lost job makes it end. */
const TASK_TIMEOUT_SECONDS = 7 * 24 * HOUR;

/** Several processes talk through it, and data loaders: NCCL alone takes hundreds of MiB, and where it is full it says only "bus error". */
const TRAIN_SHARED_MEMORY_MIB = 2 * 1024;

const stageConfig = (stage: Stage, defaults: StageDefaults) =>
  z
    .strictObject({
      vcpus: z
        .int()
        .min(1)
        .max(64)
        .default(defaults.vcpus)
        .describe('Processors of its job. Training and benchmark have the whole instance; the others share one.'),
      memoryMiB: z
        .int()
        .min(512)
        .default(defaults.memoryMiB)
        .describe(
          'Memory of its job. At most 90 % of the smallest instance of each queue on its ladder, or it would never start.',
        ),
      gpus: z.int().min(0).max(8).default(defaults.gpus).describe('GPUs of its job; several train together on one instance.'),
      sharedMemoryMiB: z
        .int()
        .min(stage === 'train' ? TRAIN_SHARED_MEMORY_MIB : DOCKER_SHARED_MEMORY_MIB)
        .default(defaults.sharedMemoryMiB ?? DOCKER_SHARED_MEMORY_MIB)
        .describe('Size of /dev/shm, part of the memory: what the workers of a data loader and of several GPUs talk through.'),
      attemptDurationSeconds: z
        .int()
        .min(60)
        .default(defaults.attemptDurationSeconds)
        .describe(
          'Batch ends an attempt after this time (`Stage.TimedOut`): many times what it takes, so that only what is lost is ended.',
        ),
      hangLimitSeconds: z
        .int()
        .min(5)
        .default(defaults.hangLimitSeconds)
        .describe(
          'An attempt whose step and fraction stand still for this time is hung. A stage reports every 2 s at most: less than 5 would end healthy ones.',
        ),
      taskTimeoutSeconds: z
        .int()
        .min(60)
        .max(31_536_000)
        .default(TASK_TIMEOUT_SECONDS)
        .describe(
          '`TimeoutSeconds` of its Task, waiting in the queue included. A week: waiting behind our own jobs is no failure, and a busy weekend passes.',
        ),
    })
    .prefault({});

/** PyTorch and ONNX weights side by side with their graphs: room for encoders of some hundred million parameters; fits a *.large of 8 GiB. */
const OPTIMIZATION = { vcpus: 2, memoryMiB: 7 * 1024, gpus: 0, attemptDurationSeconds: HOUR, hangLimitSeconds: HOUR / 4 };
const SMALL = { vcpus: 1, memoryMiB: 2 * 1024, gpus: 0, attemptDurationSeconds: HOUR, hangLimitSeconds: HOUR / 4 };

const DEFAULTS: Record<Stage, StageDefaults> = {
  ingest: SMALL, // streams; the network is its limit
  prepare: { ...SMALL, vcpus: 2, memoryMiB: 4 * 1024 },
  train: {
    vcpus: 4, // all of a g6.xlarge or g4dn.xlarge
    memoryMiB: 14_000, // of its 16 GiB, less what the agent and the kernel take
    gpus: 1,
    sharedMemoryMiB: TRAIN_SHARED_MEMORY_MIB,
    attemptDurationSeconds: 24 * HOUR,
    hangLimitSeconds: HOUR / 2, // the longest silence of a healthy training is one evaluation
  },
  export: OPTIMIZATION,
  parity: OPTIMIZATION,
  quantize: OPTIMIZATION,
  benchmark: { ...OPTIMIZATION, vcpus: 4, memoryMiB: 7_000 }, // the whole c6i.xlarge: a neighbour would falsify the figures
  bundle: { ...SMALL, attemptDurationSeconds: HOUR / 2, hangLimitSeconds: HOUR / 6 },
};

export const byStage = <T extends z.ZodType>(schemaOf: (stage: Stage) => T) =>
  z.strictObject(Object.fromEntries(STAGES.map((stage) => [stage, schemaOf(stage)])) as Record<Stage, T>);

export const stages = byStage((stage) => stageConfig(stage, DEFAULTS[stage])).prefault({});

const ladder = z
  .array(z.enum(QUEUES))
  .min(1)
  .max(10)
  .describe('On which queues the stage is tried, first rung first: the cheapest, and what is surest to be there last.');

/** A profile says on which queues a stage is tried, first rung first. Users name a profile; they never see a queue. */
const ladders = (defaults: (stage: Stage) => LadderQueue[]) => byStage((stage) => ladder.default(defaults(stage))).prefault({});

const spotFirst = (stage: Stage): LadderQueue[] => {
  if (stage === 'train') return ['gpu-spot', 'gpu-spot-any', 'gpu-on-demand'];
  if (stage === 'benchmark') return ['cpu-benchmark'];
  return ['cpu-spot', 'cpu-spot', 'cpu-on-demand'];
};
const onDemandOnly = (stage: Stage): LadderQueue[] => {
  if (stage === 'train') return ['gpu-on-demand'];
  return stage === 'benchmark' ? ['cpu-benchmark'] : ['cpu-on-demand'];
};

export const profiles = z
  .strictObject({ default: ladders(spotFirst), 'on-demand': ladders(onDemandOnly) })
  .catchall(byStage(() => ladder))
  .prefault({});
