import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';

/** A grant as one sentence: who may do what, on what, when. `because` says why a resource needs a wildcard, and is refused without one. */
export type Permission = {
  actions: readonly string[];
  resources: readonly string[];
  conditions?: Record<string, Record<string, unknown>>;
  because?: string;
};

/**
 * Adds the permission to the role. Its wildcard resources are acknowledged towards cdk-nag one by one, with the reason; a wildcard that
 * has no reason stays a finding, and the synth fails.
 */
export const allow = (role: Role, permission: Permission): void => {
  const { actions, resources, conditions, because } = permission;
  role.addToPrincipalPolicy(
    new PolicyStatement({ actions: [...actions], resources: [...resources], ...(conditions && { conditions }) }),
  );
  if (because !== undefined) acknowledgeWildcards(role, resources, because);
};

/** The names of other stacks' resources are known only when references are resolved, which is when validation runs. */
const acknowledgeWildcards = (role: Role, resources: readonly string[], reason: string): void => {
  role.node.addValidation({
    validate: () => {
      const wildcards = resources
        .map((resource) => asText(Stack.of(role).resolve(resource)))
        .filter((resource) => resource.includes('*'));
      for (const wildcard of wildcards)
        Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${wildcard}]`, reason });
      return wildcards.length > 0 ? [] : [`${role.node.path} gives a reason for a wildcard that it does not have: ${reason}`];
    },
  });
};

/** A resolved CloudFormation value in the notation of cdk-nag's finding ids: `<LogicalId.Arn>/key/*`. */
const asText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return JSON.stringify(value);
  const join = value['Fn::Join'];
  if (Array.isArray(join) && Array.isArray(join[1])) return join[1].map(asText).join(String(join[0]));
  const attribute = value['Fn::GetAtt'];
  if (Array.isArray(attribute)) return `<${attribute.map(asText).join('.')}>`;
  if ('Fn::ImportValue' in value) return asText(value['Fn::ImportValue']);
  if ('Ref' in value) return `<${asText(value.Ref)}>`;
  return JSON.stringify(value);
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
