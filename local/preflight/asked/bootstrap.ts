import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { TOOLKIT_STACK } from '../checks/bootstrap.ts';

/** Undefined where the parameter does not exist. */
export const askBootstrapVersion = async (client: SSMClient, Name: string): Promise<string | undefined> => {
  try {
    return (await client.send(new GetParameterCommand({ Name }))).Parameter?.Value;
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterNotFound') return undefined;
    throw error;
  }
};

/** Undefined where there is no such stack. */
export const askBootstrapStack = async (client: CloudFormationClient): Promise<string | undefined> => {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: TOOLKIT_STACK }));
    return Stacks[0]?.StackStatus;
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
};
