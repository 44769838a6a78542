import * as z from 'zod';

/** The six queues of the pipeline. Each has one compute environment and one fair-share policy of its own. */
export const QUEUES = ['gpu-spot', 'gpu-spot-any', 'gpu-on-demand', 'cpu-spot', 'cpu-on-demand', 'cpu-benchmark'] as const;
/** A seventh one, for benchmarks on Arm: there only with the switch `benchmarkOnGraviton`, and on no ladder but its own profile's. */
export const GRAVITON_QUEUE = 'cpu-benchmark-arm';
export type LadderQueue = (typeof QUEUES)[number];
export type QueueName = LadderQueue | typeof GRAVITON_QUEUE;
export type QueueArns = Record<LadderQueue, string> & { [GRAVITON_QUEUE]?: string };

export const QUEUE_PRICING = {
  'gpu-spot': 'spot',
  'gpu-spot-any': 'spot',
  'gpu-on-demand': 'on-demand',
  'cpu-spot': 'spot',
  'cpu-on-demand': 'on-demand',
  'cpu-benchmark': 'on-demand', // figures from a machine that may be reclaimed or swapped would not compare
  [GRAVITON_QUEUE]: 'on-demand',
} as const satisfies Record<QueueName, 'spot' | 'on-demand'>;

export const isGpuQueue = (queue: QueueName): boolean => queue.startsWith('gpu-');

const queue = (defaults: { instanceTypes: string[]; maxvCpus: number }) =>
  z
    .strictObject({
      instanceTypes: z
        .array(z.string().regex(/^[a-z][a-z0-9-]*(\.[a-z0-9]+)?$/, 'expected an instance type or a family, as g6.xlarge or g6'))
        .min(1)
        .default(defaults.instanceTypes)
        .describe(
          'Instance types or whole families. Several, because each is a pool of its own: the more pools, the rarer an interruption. The benchmark has one: figures of different machines would not compare.',
        ),
      maxvCpus: z
        .int()
        .min(4)
        .max(10_000)
        .default(defaults.maxvCpus)
        .describe(
          'How many processors may run at once, and so the most that an hour can cost. For GPUs four trainings at a time: raise it together with the account’s quota, or jobs wait at the quota instead.',
        ),
    })
    .prefault({});

/** Large enough for the largest CPU stage (2 vCPUs, 7 GiB), in three generations: the more pools, the rarer an interruption. */
const CPU_TYPES = ['m6i.large', 'm6i.xlarge', 'm6a.large', 'm6a.xlarge', 'm5.large', 'm5.xlarge'];

/** Four trainings at a time. Raise it together with the account's quota for G instances, or jobs wait at the quota instead. */
const GPU_MAX_VCPUS = 16;

export const queues = z
  .strictObject({
    'gpu-spot': queue({ instanceTypes: ['g6.xlarge', 'g6.2xlarge', 'g4dn.xlarge', 'g4dn.2xlarge'], maxvCpus: GPU_MAX_VCPUS }),
    'gpu-spot-any': queue({ instanceTypes: ['g4dn', 'g5', 'g6', 'g6e'], maxvCpus: GPU_MAX_VCPUS }),
    'gpu-on-demand': queue({ instanceTypes: ['g6.xlarge', 'g4dn.xlarge'], maxvCpus: GPU_MAX_VCPUS }),
    'cpu-spot': queue({ instanceTypes: CPU_TYPES, maxvCpus: 32 }),
    'cpu-on-demand': queue({ instanceTypes: CPU_TYPES, maxvCpus: 16 }),
    'cpu-benchmark': queue({ instanceTypes: ['c6i.xlarge'], maxvCpus: 8 }),
    // The cores of a t4g.large, which Batch does not take, without its credits: docs/compute.md.
    [GRAVITON_QUEUE]: queue({ instanceTypes: ['c6g.large'], maxvCpus: 4 }),
  })
  .prefault({});
