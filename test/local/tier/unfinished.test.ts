import { CloudFormationClient, DescribeStackResourcesCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { unfinished } from '../../../local/tier/unfinished.ts';

const ACCOUNT = { endpoint: 'http://127.0.0.1:1', region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };

it('names the stacks that are still under way, and the resource of each that they wait for', async () => {
  const cloudFormation = mockClient(CloudFormationClient);
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [
      { StackName: 'done', StackStatus: 'CREATE_COMPLETE', CreationTime: new Date() },
      { StackName: 'slow', StackStatus: 'DELETE_IN_PROGRESS', CreationTime: new Date() },
    ],
  });
  const resource = (LogicalResourceId: string, ResourceStatus: 'DELETE_COMPLETE' | 'DELETE_IN_PROGRESS') => ({
    ...{ LogicalResourceId, ResourceType: 'AWS::Batch::JobQueue', ResourceStatus, Timestamp: new Date() },
  });
  cloudFormation.on(DescribeStackResourcesCommand, { StackName: 'slow' }).resolves({
    StackResources: [resource('Gone', 'DELETE_COMPLETE'), resource('Queue', 'DELETE_IN_PROGRESS')],
  });
  expect(await unfinished(ACCOUNT)).toEqual(['slow: DELETE_IN_PROGRESS (Queue of type AWS::Batch::JobQueue)']);
  cloudFormation.restore();
});
