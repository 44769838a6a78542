import { Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { AslStateMachine, substitutionFor } from './asl-state-machine.ts';
import { gravitonJobDefinitionName, jobDefinitionName } from './stage-job-definition.ts';

export type ExperimentStateMachineProps = {
  deployment: Deployment;
  queueArns: readonly string[];
  recordFailure: IFunction;
  confirmRelease: IFunction;
  takeModelVersion: IFunction;
};

const jobDefinitionNames = (deployment: Deployment): string[] => [
  ...STAGES.map((stage) => jobDefinitionName(deployment, stage)),
  ...(deployment.benchmarkOnGraviton ? [gravitonJobDefinitionName(deployment)] : []),
];

/** `TrainTimeoutSeconds` of state-machines/experiment.asl.json. */
export const timeoutSubstitution = (stage: Stage): string => substitutionFor(stage, 'TimeoutSeconds');

/** Runs the stages of one experiment. It may submit our jobs to our queues and call its three functions, nothing else. */
export class ExperimentStateMachine extends AslStateMachine {
  constructor(
    scope: Construct,
    id: string,
    { deployment, queueArns, recordFailure, confirmRelease, takeModelVersion }: ExperimentStateMachineProps,
  ) {
    const stack = Stack.of(scope);
    super(scope, id, {
      deployment,
      definition: 'experiment',
      substitutions: {
        RecordFailureArn: recordFailure.functionArn,
        ConfirmReleaseArn: confirmRelease.functionArn,
        TakeModelVersionArn: takeModelVersion.functionArn,
        ...Object.fromEntries(
          STAGES.map((stage) => [timeoutSubstitution(stage), String(deployment.stages[stage].taskTimeoutSeconds)]),
        ),
      },
      permissions: [
        { actions: ['batch:SubmitJob'], resources: queueArns },
        {
          actions: ['batch:SubmitJob'],
          resources: jobDefinitionNames(deployment).map((name) =>
            stack.formatArn({ service: 'batch', resource: 'job-definition', resourceName: `${name}:*` }),
          ),
          because:
            'An experiment goes on with the revisions that it was pinned to, however often the definitions change meanwhile.',
        },
        {
          actions: ['lambda:InvokeFunction'],
          resources: [recordFailure, confirmRelease, takeModelVersion].map(({ functionArn }) => functionArn),
        },
      ],
    });
  }
}
