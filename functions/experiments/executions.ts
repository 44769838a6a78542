import { type SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { isNamed } from '../shared/aws-errors.ts';
import { executionName } from '../shared/contracts/names.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import { executionArn, executionInput } from './execution-input.ts';

export type Executions = ReturnType<typeof executions>;

/** Starts and stops runs. Both may be repeated: the second time changes nothing. */
export const executions = (client: SFNClient, stateMachineArn: string) => ({
  start: async (experiment: Pick<ExperimentItem, 'spec' | 'run' | 'inputs'>): Promise<void> => {
    const name = executionName(experiment.spec.experimentId, experiment.run);
    const input = JSON.stringify(executionInput(experiment));
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
    } catch (error) {
      if (!isNamed(error, 'ExecutionAlreadyExists')) throw error;
    }
  },

  /** An execution that never was, or is over, needs no stopping. */
  stop: async (experimentId: string, run: number, cause: string, abortSignal?: AbortSignal): Promise<void> => {
    const arn = executionArn(stateMachineArn, experimentId, run);
    try {
      const stopping = new StopExecutionCommand({ executionArn: arn, error: 'Stage.Cancelled', cause });
      await client.send(stopping, abortSignal ? { abortSignal } : {});
    } catch (error) {
      if (!isNamed(error, 'ExecutionDoesNotExist')) throw error;
    }
  },
});
