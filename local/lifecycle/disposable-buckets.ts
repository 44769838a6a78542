import { type CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { deployedTemplate } from '../deployment/deployed-template.ts';

const template = z.looseObject({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), DeletionPolicy: z.string().default('Delete') })),
});

/** Names of the buckets that go with a stack: its own ones that it does not retain, by the template as it is deployed. None without the stack. */
export const disposableBuckets = async (cloudFormation: CloudFormationClient, stack: string): Promise<string[]> => {
  const deployed = await deployedTemplate(cloudFormation, stack);
  if (deployed === undefined) return [];
  const { Resources } = template.parse(JSON.parse(deployed));
  const goes = ({ Type, DeletionPolicy }: (typeof Resources)[string]): boolean =>
    Type === 'AWS::S3::Bucket' && DeletionPolicy === 'Delete';
  const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName: stack }));
  return StackResources.flatMap(({ LogicalResourceId = '', PhysicalResourceId }) => {
    const resource = Resources[LogicalResourceId];
    return PhysicalResourceId && resource && goes(resource) ? [PhysicalResourceId] : [];
  });
};
