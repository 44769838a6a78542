import { type CloudFormationClient, DescribeStackResourcesCommand, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';

const template = z.looseObject({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), DeletionPolicy: z.string().default('Delete') })),
});

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);

/** Names of the buckets that go with a stack: its own ones that it does not retain, by the template as it is deployed. None without the stack. */
export const disposableBuckets = async (cloudFormation: CloudFormationClient, stack: string): Promise<string[]> => {
  try {
    const { TemplateBody = '' } = await cloudFormation.send(
      new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' }),
    );
    const { Resources } = template.parse(JSON.parse(TemplateBody));
    const goes = ({ Type, DeletionPolicy }: (typeof Resources)[string]): boolean =>
      Type === 'AWS::S3::Bucket' && DeletionPolicy === 'Delete';
    const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName: stack }));
    return StackResources.flatMap(({ LogicalResourceId = '', PhysicalResourceId }) => {
      const resource = Resources[LogicalResourceId];
      return PhysicalResourceId && resource && goes(resource) ? [PhysicalResourceId] : [];
    });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
};
