import type { Template } from 'aws-cdk-lib/assertions';
import { asText, resourcesOf } from './synthesised.ts';

export type Statement = { role: string; actions: string[]; resources: string[]; condition: unknown };

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** Every statement that a role of the template has, by role. */
export const statementsOf = (template: Template): Statement[] =>
  resourcesOf(template, 'AWS::IAM::Policy').flatMap(([, { Properties }]) => {
    const { PolicyDocument, Roles } = Properties as {
      PolicyDocument: { Statement: { Effect: string; Action: unknown; Resource: unknown; Condition?: unknown }[] };
      Roles: unknown[];
    };
    return PolicyDocument.Statement.map(({ Action, Resource, Condition }) => ({
      role: Roles.map(asText).join(),
      actions: listOf(Action).map(String),
      resources: listOf(Resource).map(asText),
      condition: Condition,
    }));
  });

/** What a role may do: the resources of every statement with the action. */
export const resourcesFor = (statements: Statement[], role: string, action: string): string[] =>
  statements
    .filter((statement) => statement.role === role && statement.actions.includes(action))
    .flatMap(({ resources }) => resources)
    .sort();
