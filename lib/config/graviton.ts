import * as z from 'zod';
import type { Stage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from './deployment.ts';
import { GRAVITON_QUEUE, QUEUES, type QueueName } from './queues.ts';

export const benchmarkOnGraviton = z
  .boolean()
  .default(false)
  .describe(
    'Whether the profile `graviton` exists: `default`, with the benchmark on an Arm instance in a queue of its own. Costs nothing idle, but needs the optimization image for arm64 as well. Turning it off takes the queue away, with whatever runs in it: docs/compute.md.',
  );

/** The profile whose benchmark runs on Graviton. */
export const GRAVITON_PROFILE = 'graviton';
export const GRAVITON_STAGE: Stage = 'benchmark';

/** All of a c6g.large (2 vCPUs, 4 GiB), as the benchmark has all of a c6i.xlarge: a neighbour would falsify the figures. */
export const GRAVITON_SIZE = { vcpus: 2, memoryMiB: 3_600 };

/** The queues that a deployment has. */
export const queuesOf = ({ benchmarkOnGraviton }: Deployment): readonly QueueName[] =>
  benchmarkOnGraviton ? [...QUEUES, GRAVITON_QUEUE] : QUEUES;
