import { type CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';

/** The template of a stack as it was sent to CloudFormation; undefined when there is no such stack. */
export const deployedTemplate = async (cloudFormation: CloudFormationClient, stack: string): Promise<string | undefined> => {
  try {
    const { TemplateBody = '' } = await cloudFormation.send(
      new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' }),
    );
    return TemplateBody;
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
};
