import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { isNamed } from '../shared/aws-errors.ts';
import { shareIdentifier } from '../shared/share-identifier.ts';

export type Preparations = ReturnType<typeof preparations>;
type Started = { tenant: string; dataset: string; id: string };

/** Starts the state machine for a preparation. May be repeated: the execution has the preparation's name. */
export const preparations = (client: SFNClient, stateMachineArn: string) => ({
  start: async ({ tenant, dataset, id }: Started, requestUri: string): Promise<void> => {
    const input = JSON.stringify({
      tenant,
      dataset,
      preparationId: id,
      shareIdentifier: shareIdentifier(tenant),
      request: requestUri,
    });
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name: id, input }));
    } catch (error) {
      if (!isNamed(error, 'ExecutionAlreadyExists')) throw error;
    }
  },
});
