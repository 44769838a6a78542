import { type BatchClient, DescribeJobDefinitionsCommand, DescribeJobQueuesCommand } from '@aws-sdk/client-batch';
import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import type { FoundPins } from './pin-differences.ts';
import { pinnedDefinitions, pinnedQueues } from './pinned.ts';
import type { SpecStore } from './spec-store.ts';

export type PinReader = ReturnType<typeof pinReader>;

/** A queue in one of these takes no jobs any more, whatever its state says. */
const GOING = ['DELETING', 'DELETED', 'INVALID'];

/** Looks at what a spec was pinned to. A spec has eight definitions and six queues: one page each. */
export const pinReader = (batch: BatchClient, specs: SpecStore) => ({
  read: async (spec: ResolvedSpec): Promise<FoundPins> => {
    const [document, { jobDefinitions = [] }, { jobQueues = [] }] = await Promise.all([
      specs.read(spec.experimentId),
      batch.send(new DescribeJobDefinitionsCommand({ jobDefinitions: pinnedDefinitions(spec) })),
      batch.send(new DescribeJobQueuesCommand({ jobQueues: pinnedQueues(spec) })),
    ]);
    return {
      spec: document,
      definitions: new Map(jobDefinitions.map(({ jobDefinitionArn = '', status = '' }) => [jobDefinitionArn, status])),
      queues: new Map(
        jobQueues.map(({ jobQueueArn = '', state = '', status = '' }) => [jobQueueArn, GOING.includes(status) ? status : state]),
      ),
    };
  },
});
