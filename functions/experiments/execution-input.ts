import type { ExecutionInput } from '../shared/contracts/experiment-spec.ts';
import { executionName } from '../shared/contracts/names.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import { shareIdentifier } from '../shared/share-identifier.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';

/** What the state machine is started with: everything pinned at submit, nothing resolved anew, and what earlier runs have finished. */
export const executionInput = ({ spec, run, inputs = {} }: Pick<ExperimentItem, 'spec' | 'run' | 'inputs'>): ExecutionInput => ({
  schemaVersion: SCHEMA_VERSION,
  experimentId: spec.experimentId,
  run,
  tenant: spec.tenant,
  model: spec.model.name,
  shareIdentifier: shareIdentifier(spec.tenant),
  maxAttempts: spec.compute.maxAttempts,
  ladders: spec.pins.ladders,
  jobDefinitions: spec.pins.jobDefinitions,
  inputs,
});

/** The ARN of a run's execution follows from its name; no need to have started it to know it. */
export const executionArn = (stateMachineArn: string, experimentId: string, run: number): string =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${executionName(experimentId, run)}`;
