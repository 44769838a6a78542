import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { allow, type Permission } from './allow.ts';

const STATE_MACHINES = new URL('../../state-machines/', import.meta.url);

/** What a definition calls a value that is filled in for one stage or rehearsal: `TrainTimeoutSeconds`. */
export const substitutionFor = (name: string, value: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}${value}`;

export type AslStateMachineProps = {
  deployment: Deployment;
  /** `experiment` for state-machines/experiment.asl.json. */
  definition: string;
  substitutions: Record<string, string>;
  permissions: readonly Permission[];
};

/** A state machine whose definition is a file of its own: kept in the template as it is, so that checks and people can read it there. */
export class AslStateMachine extends Construct {
  readonly stateMachine: StateMachine;
  readonly role: Role;
  readonly name: string;

  constructor(scope: Construct, id: string, { deployment, definition, substitutions, permissions }: AslStateMachineProps) {
    super(scope, id);
    this.name = `${deployment.name}-${definition}`;
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `${this.name} runs as this`,
    });
    for (const permission of permissions) allow(this.role, permission);

    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: this.name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(
        readFileSync(fileURLToPath(new URL(`${definition}.asl.json`, STATE_MACHINES)), 'utf8'),
      ),
      definitionSubstitutions: substitutions,
      role: this.role.withoutPolicyUpdates(),
    });
    this.stateMachine.node.addDependency(this.role); // with its policy, or the first execution may be refused
    Validations.of(this.stateMachine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason: 'A standard workflow keeps every event for 90 days in its execution history; a log would hold the same again.',
      },
      {
        id: 'AwsSolutions-SF2',
        reason: 'Support of the X-Ray SDKs ends in 2027; the experiment events tell what happened when.',
      },
    );
  }

  /** Its executions, which carry names of ours. */
  get executionArns(): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${this.name}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
