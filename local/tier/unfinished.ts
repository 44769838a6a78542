import { CloudFormationClient, DescribeStackResourcesCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/** How to reach the account that the stacks are in. */
export type Account = { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

const isUnfinished = (status: string | undefined): boolean => status?.endsWith('_IN_PROGRESS') === true;

/** What CloudFormation is still at, stack by stack: `spotforge-api: DELETE_IN_PROGRESS (Users of type AWS::Cognito::UserPool)`. */
export const unfinished = async (account: Account): Promise<string[]> => {
  const cloudFormation = new CloudFormationClient(account);
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({}));
  const stacks = Stacks.filter(({ StackStatus }) => isUnfinished(StackStatus));
  return Promise.all(
    stacks.map(async ({ StackName, StackStatus }) => {
      const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName }));
      const under = StackResources.filter(({ ResourceStatus }) => isUnfinished(ResourceStatus)).map(
        ({ LogicalResourceId, ResourceType }) => `${LogicalResourceId} of type ${ResourceType}`,
      );
      return `${StackName}: ${StackStatus} (${under.join(', ') || 'no resource of it'})`;
    }),
  );
};
