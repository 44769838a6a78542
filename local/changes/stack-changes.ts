import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { TierFailure } from '../tier/tier-failure.ts';
import { replacementRulesFor } from './replacement-rules.ts';
import { type Change, changesOf, type Template } from './template-changes.ts';

/** What a deployment of an assembly would do to one stack. `deployed` is undefined for a stack that does not exist yet. */
export type StackChanges = { stack: string; deployed: Template | undefined; changes: Change[] };

const assemblyManifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z.object({ templateFile: z.string(), stackName: z.string().optional() }).optional(),
    }),
  ),
});
const template: z.ZodType<Template> = z.looseObject({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });

const readJson = (folder: string, file: string): unknown => {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'));
  } catch (error) {
    throw new TierFailure(
      `${join(folder, file)} cannot be read (${(error as Error).message}): synthesise first, \`npm run synth\`.`,
    );
  }
};

const templatesIn = (assembly: string): { stack: string; template: Template }[] =>
  Object.entries(assemblyManifest.parse(readJson(assembly, 'manifest.json')).artifacts).flatMap(([id, { type, properties }]) =>
    type === 'aws:cloudformation:stack' && properties
      ? [{ stack: properties.stackName ?? id, template: template.parse(readJson(assembly, properties.templateFile)) }]
      : [],
  );

const deployedTemplate = async (cloudFormation: CloudFormationClient, stack: string): Promise<Template | undefined> => {
  try {
    const { TemplateBody = '' } = await cloudFormation.send(
      new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' }),
    );
    return template.parse(JSON.parse(TemplateBody));
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
};

/** Compares an assembly with what CloudFormation says is deployed, stack by stack. */
export const changesOfAssembly = async (cloudFormation: CloudFormationClient, assembly: string): Promise<StackChanges[]> => {
  const stacks = await Promise.all(
    templatesIn(assembly).map(async ({ stack, template }) => ({
      stack,
      template,
      deployed: await deployedTemplate(cloudFormation, stack),
    })),
  );
  const rules = replacementRulesFor(stacks.flatMap(({ template, deployed }) => (deployed ? [template, deployed] : [template])));
  return stacks.map(({ stack, template, deployed }) => ({ stack, deployed, changes: changesOf(deployed, template, rules) }));
};
