import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TierRecord } from '../../local/tier/tier-record.ts';

type Credentials = { accessKeyId: string; secretAccessKey: string };
/** Who plants faults: a person with a few rights in the account, not the root key. */
export type FaultOperator = Credentials & { endpoint: string; region: string; executorEndpoint: string };

const USER = 'fault-operator';
const RIGHTS = ['iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:ListRoles', 'states:StopExecution', 'states:DescribeExecution'];

export const makeFaultOperator = async (tier: TierRecord, root: Credentials): Promise<FaultOperator> => {
  const { endpoint, region, executorEndpoint } = tier;
  const iam = new IAMClient({ endpoint, region, credentials: root });
  await iam.send(new CreateUserCommand({ UserName: USER })).catch((error: Error) => {
    if (error.name !== 'EntityAlreadyExistsException') throw error;
  });
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: RIGHTS, Resource: '*' }] };
  await iam.send(new PutUserPolicyCommand({ UserName: USER, PolicyName: 'faults', PolicyDocument: JSON.stringify(document) }));
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName: USER }));
  for (const { AccessKeyId } of AccessKeyMetadata) await iam.send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: USER }));
  if (!AccessKey?.AccessKeyId || !AccessKey.SecretAccessKey) throw new Error('IAM made no access key');
  return { endpoint, region, executorEndpoint, accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
};

const clientOptions = ({ endpoint, region, accessKeyId, secretAccessKey }: FaultOperator) => ({
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
});

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

/** What the AWS console's «Stop execution» does. */
export const stopExecution = async (operator: FaultOperator, stateMachineArn: string, name: string): Promise<void> => {
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  await new SFNClient(clientOptions(operator)).send(new StopExecutionCommand({ executionArn, cause: 'stopped in the console' }));
};

/** The next Batch events of these jobs are lost. */
export const dropEvents = async (
  operator: FaultOperator,
  jobNamePattern: string,
  statuses: string[],
  count: number,
): Promise<void> => {
  const response = await fetch(`${operator.executorEndpoint}/_spotforge/events/drop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jobNamePattern, statuses, count }),
  });
  if (!response.ok) throw new Error(`the executor refused to drop events: ${response.status} ${await response.text()}`);
};
