import { BatchClient, ListJobsCommand } from '@aws-sdk/client-batch';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { executionArn } from '../../functions/experiments/execution-input.ts';
import { QUEUES } from '../../lib/config/queues.ts';
import { DEPLOYMENT } from '../tier/deployment-name.ts';
import type { TierRecord } from '../tier/tier-record.ts';

type Credentials = { accessKeyId: string; secretAccessKey: string };
/** Who plants faults and looks what they left behind: a person with a few rights in the account, not the root key. */
export type FaultOperator = Credentials & { endpoint: string; region: string; executorEndpoint: string };

const USER = 'fault-operator';
const RIGHTS = [
  'iam:PutRolePolicy',
  'iam:DeleteRolePolicy',
  'iam:ListRoles',
  'states:StartExecution',
  'states:StopExecution',
  'states:DescribeExecution',
  'batch:ListJobs',
  's3:GetObject',
  's3:PutObject',
];

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

/** What an AWS client of the operator is made with. */
export const clientOptions = ({ endpoint, region, accessKeyId, secretAccessKey }: FaultOperator) => ({
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
});

/** What the AWS console's «Stop execution» does. */
export const stopExecution = async (operator: FaultOperator, stateMachineArn: string, id: string, run = 1): Promise<void> => {
  const command = new StopExecutionCommand({
    executionArn: executionArn(stateMachineArn, id, run),
    cause: 'stopped in the console',
  });
  await new SFNClient(clientOptions(operator)).send(command);
};

export const executionIsRunning = async (
  operator: FaultOperator,
  stateMachineArn: string,
  id: string,
  run: number,
): Promise<boolean> => {
  const command = new DescribeExecutionCommand({ executionArn: executionArn(stateMachineArn, id, run) });
  try {
    return (await new SFNClient(clientOptions(operator)).send(command)).status === 'RUNNING';
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return false;
    throw error;
  }
};

const ENDED: (string | undefined)[] = ['SUCCEEDED', 'FAILED'];

/** Names of an experiment's jobs that have not ended, in whatever queue. */
export const liveJobs = async (operator: FaultOperator, id: string): Promise<string[]> => {
  const batch = new BatchClient(clientOptions(operator));
  const lists = await Promise.all(
    QUEUES.map((queue) =>
      batch.send(
        new ListJobsCommand({ jobQueue: `${DEPLOYMENT}-${queue}`, filters: [{ name: 'JOB_NAME', values: [`${id}*`] }] }),
      ),
    ),
  );
  return lists.flatMap(({ jobSummaryList = [] }) =>
    jobSummaryList.filter(({ status }) => !ENDED.includes(status)).map(({ jobName }) => String(jobName)),
  );
};
