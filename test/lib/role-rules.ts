import type { Template } from 'aws-cdk-lib/assertions';
import { asText, resourcesOf } from './synthesised.ts';

/** Actions for which AWS defines no resource that a policy could name: with another one than `*` they are refused. */
const WITHOUT_RESOURCE: readonly string[] = [
  'batch:DescribeComputeEnvironments',
  'batch:DescribeJobDefinitions',
  'batch:DescribeJobQueues',
  'batch:DescribeJobs',
  'batch:ListJobs',
  'dynamodb:ListStreams',
  'ec2:DescribeInstances',
  'ecr:GetAuthorizationToken',
  'ecs:DiscoverPollEndpoint',
  'elasticloadbalancing:DescribeListeners',
  'elasticloadbalancing:DescribeRules',
  'elasticloadbalancing:DescribeTargetGroups',
  'elasticloadbalancing:DescribeTargetHealth',
];

type Document = { Statement: Record<string, unknown>[] };

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const statementProblems = ({ Effect, Action, Resource, NotAction, NotResource }: Record<string, unknown>): string[] => {
  if (Effect !== 'Allow' || NotAction !== undefined || NotResource !== undefined) {
    return ['says what is not allowed; a role says what is, so that a table can list it'];
  }
  const actions = listOf(Action).map(String);
  return [
    ...actions
      .filter((action) => action.includes('*'))
      .map((action) => `may ${action}: a wildcard grants what nobody has thought of`),
    ...(listOf(Resource).includes('*') ? actions.filter((action) => !WITHOUT_RESOURCE.includes(action)) : []).map(
      (action) => `may ${action} on *, but AWS knows a resource for it`,
    ),
  ];
};

/** What is wrong with the roles of a stack: each one's rights stand in one policy of its own, action by action, resource by resource. */
export const roleProblems = (template: Template): string[] => {
  const roles = resourcesOf(template, 'AWS::IAM::Role');
  const policies = resourcesOf(template, 'AWS::IAM::Policy').map(([, { Properties }]) => ({
    roles: listOf(Properties.Roles).map(asText),
    statements: (Properties.PolicyDocument as Document).Statement,
  }));
  const withPolicy = new Set(policies.flatMap((policy) => policy.roles));
  return [
    ...roles.flatMap(([id, { Properties }]) => {
      const name = asText({ Ref: id });
      return [
        ...(Properties.ManagedPolicyArns === undefined ? [] : [`${name} has a managed policy, which AWS changes at will`]),
        ...(Properties.Policies === undefined ? [] : [`${name} has a policy within itself, which the table does not show`]),
        ...(withPolicy.has(name) ? [] : [`${name} may do nothing: the table does not show it`]),
      ];
    }),
    ...resourcesOf(template, 'AWS::IAM::ManagedPolicy').map(([id]) => `${id} is a managed policy, which the table does not show`),
    ...policies.flatMap(({ roles: of, statements }) => [
      ...(of.length === 1 ? [] : [`${of.join(', ')} share a policy`]),
      ...statements.flatMap(statementProblems).map((problem) => `${of.join()} ${problem}`),
    ]),
    ...sharedRoles(template),
  ];
};

const sharedRoles = (template: Template): string[] => {
  const users = Map.groupBy(resourcesOf(template, 'AWS::Lambda::Function'), ([, { Properties }]) =>
    JSON.stringify(Properties.Role),
  );
  return [...users.values()].filter(({ length }) => length > 1).map((of) => `${of.map(([id]) => id).join(' and ')} share a role`);
};
