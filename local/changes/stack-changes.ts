import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { deployedTemplate } from '../deployment/deployed-template.ts';
import { assemblyStacks } from '../tier/assembly-stacks.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { replacementRulesFor } from './replacement-rules.ts';
import { type Change, changesOf, type Template } from './template-changes.ts';

/**
 * What a deployment of an assembly would do to one stack. `region` is undefined for the deployment's own, `deployed` for a stack that does not
 * exist yet.
 */
export type StackChanges = { stack: string; region: string | undefined; deployed: Template | undefined; changes: Change[] };

const template: z.ZodType<Template> = z.looseObject({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });

const templatesIn = (assembly: string): { stack: string; region: string | undefined; template: Template }[] =>
  assemblyStacks(assembly).map(({ name, region, templateFile }) => ({
    stack: name,
    region,
    template: template.parse(JSON.parse(readFileSync(join(assembly, templateFile), 'utf8'))),
  }));

const parsed = (body: string, stack: string): Template => {
  try {
    return template.parse(JSON.parse(body));
  } catch {
    throw new TierFailure(
      `The stack ${stack} was not deployed by the CDK: its template is none that the CDK writes. Look at it with \`aws cloudformation get-template --stack-name ${stack}\`; another name in the configuration leaves it alone.`,
    );
  }
};

/** Compares an assembly with what CloudFormation says is deployed, stack by stack, each in its region. */
export const changesOfAssembly = async (
  cloudFormationIn: (region: string | undefined) => CloudFormationClient,
  assembly: string,
): Promise<StackChanges[]> => {
  const stacks = await Promise.all(
    templatesIn(assembly).map(async (each) => {
      const deployed = await deployedTemplate(cloudFormationIn(each.region), each.stack);
      return { ...each, deployed: deployed === undefined ? undefined : parsed(deployed, each.stack) };
    }),
  );
  const rules = replacementRulesFor(stacks.flatMap(({ template, deployed }) => (deployed ? [template, deployed] : [template])));
  return stacks.map(({ stack, region, template, deployed }) => ({
    stack,
    region,
    deployed,
    changes: changesOf(deployed, template, rules),
  }));
};
