import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../tier/paths.ts';
import type { Template } from './template-changes.ts';

/** Paths of properties, as `ComputeResources/InstanceRole`, that cannot change in place: never, or depending on what else is set. */
const replacementRules = z.record(z.string(), z.strictObject({ always: z.array(z.string()), sometimes: z.array(z.string()) }));
export type ReplacementRules = z.infer<typeof replacementRules>;

/** The rules for every type in the templates, out of CloudFormation's resource schemas as cfn-lint ships them. Takes about a second. */
export const replacementRulesFor = (templates: readonly Template[]): ReplacementRules => {
  const types = new Set(templates.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type)));
  const known = [...types].filter((type) => type.startsWith('AWS::') && type !== 'AWS::CDK::Metadata');
  const script = join(import.meta.dirname, 'replacement_rules.py');
  return replacementRules.parse(
    JSON.parse(execFileSync(join(ROOT, '.venv/bin/python'), [script, ...known], { encoding: 'utf8' })),
  );
};
