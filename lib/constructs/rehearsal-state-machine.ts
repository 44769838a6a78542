import { Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { REHEARSALS, type Rehearsal } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { AslStateMachine, substitutionFor } from './asl-state-machine.ts';
import { runsJobs } from './batch-permissions.ts';
import type { SpotInterruption } from './spot-interruption.ts';

export type RehearsalStateMachineProps = {
  deployment: Deployment;
  queueArn: string;
  jobDefinitions: Record<Rehearsal, string>;
  findSubjects: IFunction;
  publishReport: IFunction;
  /** Absent: no host is reclaimed. */
  interruption?: SpotInterruption | undefined;
};

/** `RestoreJobDefinitionArn` of state-machines/rehearsal.asl.json. */
export const jobDefinitionSubstitution = (rehearsal: Rehearsal): string => substitutionFor(rehearsal, 'JobDefinitionArn');

/** Runs the rehearsals. It may submit the three jobs to one queue, look at jobs and end them, and call its two functions. */
export class RehearsalStateMachine extends AslStateMachine {
  constructor(scope: Construct, id: string, props: RehearsalStateMachineProps) {
    const { deployment, queueArn, jobDefinitions, findSubjects, publishReport, interruption } = props;
    super(scope, id, {
      deployment,
      definition: 'rehearsal',
      substitutions: {
        FindSubjectsArn: findSubjects.functionArn,
        PublishReportArn: publishReport.functionArn,
        JobQueueArn: queueArn,
        InterruptionTemplateId: interruption?.templateId ?? 'none',
        ...Object.fromEntries(REHEARSALS.map((rehearsal) => [jobDefinitionSubstitution(rehearsal), jobDefinitions[rehearsal]])),
      },
      permissions: [
        ...runsJobs(
          Stack.of(scope),
          [queueArn],
          REHEARSALS.map((rehearsal) => jobDefinitions[rehearsal]),
        ),
        {
          actions: ['lambda:InvokeFunction'],
          resources: [findSubjects.functionArn, publishReport.functionArn],
        },
        ...(interruption?.startPermissions ?? []),
      ],
    });
  }
}
