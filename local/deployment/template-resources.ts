import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';

const template = z.looseObject({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) })),
  Outputs: z
    .record(z.string(), z.looseObject({ Value: z.unknown(), Export: z.looseObject({ Name: z.unknown() }).optional() }))
    .default({}),
});

export type Resource = { stack: string; id: string; type: string; properties: Record<string, unknown> };

/** All resources of a deployment, whatever stack they are in, and what their references stand for. */
export type Resources = {
  all: readonly Resource[];
  ofType: (type: string) => Resource[];
  /** The resource that a reference made in `stack` leads to; undefined for what is no reference to a resource of the deployment. */
  target: (stack: string, value: unknown) => Resource | undefined;
};

const only = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 1
    ? (value as Record<string, unknown>)[key]
    : undefined;

/** From templates by stack name. */
export const resourcesOf = (templates: Readonly<Record<string, unknown>>): Resources => {
  const all: Resource[] = [];
  const exported = new Map<string, { stack: string; value: unknown }>();
  for (const [stack, text] of Object.entries(templates)) {
    const { Resources, Outputs } = template.parse(text);
    for (const [id, { Type, Properties }] of Object.entries(Resources))
      all.push({ stack, id, type: Type, properties: Properties });
    for (const { Value, Export } of Object.values(Outputs)) {
      if (typeof Export?.Name === 'string') exported.set(Export.Name, { stack, value: Value });
    }
  }
  const target = (stack: string, value: unknown): Resource | undefined => {
    const imported = only(value, 'Fn::ImportValue');
    if (typeof imported === 'string') {
      const from = exported.get(imported);
      return from && target(from.stack, from.value);
    }
    const attribute = only(value, 'Fn::GetAtt');
    const id = only(value, 'Ref') ?? (Array.isArray(attribute) ? attribute[0] : undefined);
    return all.find((resource) => resource.stack === stack && resource.id === id);
  };
  return { all, ofType: (type) => all.filter((resource) => resource.type === type), target };
};

/** Every template below a cloud assembly, by the name of its file. */
export const templatesBelow = (folder: string): Record<string, unknown> =>
  Object.fromEntries(
    globSync('**/*.template.json', { cwd: folder })
      .sort()
      .map((file) => [basename(file, '.template.json'), JSON.parse(readFileSync(join(folder, file), 'utf8'))]),
  );
