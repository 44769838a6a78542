import { type SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { isNamed } from '../shared/aws-errors.ts';
import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import { executionName } from '../shared/contracts/names.ts';
import { executionArn, executionInput } from './execution-input.ts';

export type Executions = ReturnType<typeof executions>;

/** Starts and stops runs. Both may be repeated: the second time changes nothing. */
export const executions = (client: SFNClient, stateMachineArn: string) => ({
  start: async (spec: ResolvedSpec, run: number): Promise<void> => {
    const name = executionName(spec.experimentId, run);
    const input = JSON.stringify(executionInput(spec, run));
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
    } catch (error) {
      if (!isNamed(error, 'ExecutionAlreadyExists')) throw error;
    }
  },

  /** An execution that never was, or is over, needs no stopping. */
  stop: async (experimentId: string, run: number, cause: string): Promise<void> => {
    const arn = executionArn(stateMachineArn, experimentId, run);
    try {
      await client.send(new StopExecutionCommand({ executionArn: arn, error: 'Stage.Cancelled', cause }));
    } catch (error) {
      if (!isNamed(error, 'ExecutionDoesNotExist')) throw error;
    }
  },
});
