import type { QueueName } from '../../lib/config/queues.ts';
import type { Needs } from './needs.ts';

/** Stages of the default profile that no queue is left for when these start nothing. */
export const stoppedStages = ({ ladders }: Needs, dead: ReadonlySet<QueueName>): string[] =>
  Object.entries(ladders).flatMap(([stage, queues]) => (queues.every((queue) => dead.has(queue)) ? [stage] : []));
