import { DeleteRolePolicyCommand, IAMClient, ListRolesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { clientOptions, type FaultOperator } from '../../local/drill/fault-operator.ts';

/** Runs `act` while the role whose name contains `roleName` is denied an action: AWS refusing a call in the middle of a request. */
export const whileDenied = async <T>(
  operator: FaultOperator,
  roleName: string,
  action: string,
  act: () => Promise<T>,
): Promise<T> => {
  const iam = new IAMClient(clientOptions(operator));
  const { Roles = [] } = await iam.send(new ListRolesCommand({ MaxItems: 1000 }));
  const role = Roles.find((candidate) => candidate.RoleName?.includes(roleName))?.RoleName;
  if (!role)
    throw new Error(`no role with ${roleName} in its name among ${Roles.map((candidate) => candidate.RoleName).join(', ')}`);
  const policy = { RoleName: role, PolicyName: 'planted-fault' };
  const deny = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: action, Resource: '*' }] };
  await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: JSON.stringify(deny) }));
  try {
    return await act();
  } finally {
    await iam.send(new DeleteRolePolicyCommand(policy));
  }
};
