import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** A stack of a cloud assembly. `region` is undefined where it names none: that of the deployment. */
export type AssemblyStack = {
  name: string;
  region: string | undefined;
  templateFile: string;
  /** What it wants of `cdk bootstrap`, and the parameter that tells which version there is. */
  bootstrap: { version: number; parameter: string | undefined };
};

const STACK = 'aws:cloudformation:stack';

/** The CDK's manifest, as far as it is read. */
const manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      properties: z
        .object({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          requiresBootstrapStackVersion: z.number().default(0),
          bootstrapStackVersionSsmParameter: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

const regionOf = (environment: string | undefined): string | undefined => {
  const region = environment?.split('/').at(-1);
  return region === 'unknown-region' ? undefined : region;
};

/** The stacks of the assembly in `folder`. */
export const assemblyStacks = (folder: string): AssemblyStack[] =>
  Object.entries(manifest.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).artifacts).flatMap(
    ([id, { type, environment, properties }]) => {
      if (type !== STACK || properties?.templateFile === undefined) return [];
      const { templateFile, stackName = id, requiresBootstrapStackVersion: version } = properties;
      const bootstrap = { version, parameter: properties.bootstrapStackVersionSsmParameter };
      return [{ name: stackName, region: regionOf(environment), templateFile, bootstrap }];
    },
  );

/** Every region that one of the stacks goes to, `home` first: that of stacks which name none. Each has to be bootstrapped. */
export const regionsOf = (stacks: readonly AssemblyStack[], home: string): string[] => [
  ...new Set([home, ...stacks.flatMap(({ region }) => region ?? [])]),
];
