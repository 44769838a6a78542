import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { inject } from 'vitest';
import type { DeploymentInput } from '../../lib/config/deployment.ts';
import { parseDeployment } from '../../lib/config/load-deployment.ts';
import { addSpotforge, type SpotforgeStacks } from '../../lib/spotforge-stacks.ts';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export type Synthesised = { folder: string; templates: { [S in keyof SpotforgeStacks]: Template } };

const synthesisedOnce = new Map<string, Synthesised>();

/** The whole app as `cdk synth` makes it, cdk-nag included; made once for each configuration. Not to be changed. */
export const synthesise = (overrides: DeploymentInput = {}): Synthesised => {
  const key = JSON.stringify(overrides);
  const made = synthesisedOnce.get(key) ?? synthesiseSpoiled(() => {}, overrides);
  synthesisedOnce.set(key, made);
  return made;
};

/** The same, spoiled by `before`, to see a check fail. */
export const synthesiseSpoiled = (before: (stacks: SpotforgeStacks) => void, overrides: DeploymentInput = {}): Synthesised => {
  process.env.CDK_VALIDATION = 'false'; // the library's own template check; cfn-lint checks the same templates in a test of its own
  const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
    context: Record<string, unknown>;
  };
  const folder = mkdtempSync(join(inject('assembliesHome'), 'assembly-'));
  const app = new App({ context, outdir: folder, autoSynth: false });
  const stacks = addSpotforge(app, parseDeployment({ gitSha: COMMIT, ...overrides }));
  before(stacks);
  app.synth();
  const template = ({ templateFile }: Stack): Template =>
    Template.fromJSON(JSON.parse(readFileSync(join(folder, templateFile), 'utf8')));
  return {
    folder,
    templates: Object.fromEntries(
      Object.entries(stacks).map(([name, stack]) => [name, template(stack)]),
    ) as Synthesised['templates'],
  };
};

type Resource = { Type: string; Properties: Record<string, unknown>; [key: string]: unknown };

/** Resources of a type by logical id. */
export const resourcesOf = (template: Template, type: string): [string, Resource][] =>
  Object.entries(template.findResources(type)) as [string, Resource][];

/** A CloudFormation value as a line of text: references become `<Name.Attribute>`, without the hashes that the CDK appends. */
export const asText = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(asText).join(' ');
  const [[key, argument] = ['', undefined]] = Object.entries(value);
  if (key === 'Fn::Join' && Array.isArray(argument)) return (argument[1] as unknown[]).map(asText).join(String(argument[0]));
  if (key === 'Fn::GetAtt' && Array.isArray(argument)) return `<${withoutHash(String(argument[0]))}.${String(argument[1])}>`;
  if (key === 'Fn::ImportValue')
    return asText(argument).replace(
      /^[a-z0-9-]+:ExportsOutput(FnGetAtt|Ref)(.+?)[0-9A-F]{8}(.*?)[0-9A-F]{8}$/,
      (_all, kind, name, attribute) => (kind === 'Ref' ? `<${name}>` : `<${name}.${attribute}>`),
    );
  if (key === 'Ref') return `<${withoutHash(String(argument))}>`;
  return JSON.stringify(value);
};

const withoutHash = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '');
