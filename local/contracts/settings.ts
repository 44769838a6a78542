import * as z from 'zod';
import { deploymentConfig } from '../../lib/config/deployment.ts';

/** One thing that a configuration may say. `path` has `*` where several siblings take the same; `because` is the schema's own description. */
export type Setting = { path: string; takes: string; usual: string; because: string | undefined };

type Schema = {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | false;
  items?: Schema;
  enum?: unknown[];
  anyOf?: { const?: unknown }[];
  minimum?: number;
  maximum?: number;
};

/** Every setting of a deployment's configuration, in the order of its schema. */
export const settingsOf = (configuration: z.ZodType = deploymentConfig): Setting[] => {
  const root = z.toJSONSchema(configuration, { io: 'input' }) as Schema;
  const resolved = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : { ...root.$defs?.[schema.$ref.replace('#/$defs/', '')], ...schema };

  const below = (path: string, schema: Schema): Setting[] => {
    const node = resolved(schema);
    const { properties = {}, additionalProperties: named } = node;
    // A group whose default is complete is set as a whole.
    if (node.type !== 'object' || isComplete(node)) return [setting(path, node)];
    const members = Object.entries(properties).map(([key, member]): [string, Setting[]] => [key, below(key, member)]);
    const inside = alike(members) ? asOne(members) : members.flatMap(([, settings]) => settings);
    const own = node.description === undefined ? [] : [setting(path, node)];
    return [...own, ...[...inside, ...(named ? below('{name}', named) : [])].map((each) => within(path, each))];
  };
  return below('', root);
};

const within = (path: string, { path: own, ...rest }: Setting): Setting => ({
  path: path === '' ? own : `${path}.${own}`,
  ...rest,
});

const isComplete = ({ description, default: usual }: Schema): boolean =>
  description !== undefined && typeof usual === 'object' && usual !== null && Object.keys(usual).length > 0;

const setting = (path: string, schema: Schema): Setting => ({
  path,
  takes: takes(schema),
  usual: schema.default === undefined ? '' : JSON.stringify(schema.default),
  because: schema.description,
});

const takes = (schema: Schema): string => {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(', ');
  if (schema.anyOf) return schema.anyOf.map(({ const: value }) => JSON.stringify(value)).join(', ');
  switch (schema.type) {
    case 'boolean':
      return 'true, false';
    case 'array':
      return `list of: ${takes(schema.items ?? {})}`;
    case 'object':
      return schema.additionalProperties ? 'by name' : 'group';
    case 'integer':
    case 'number':
      return range(schema);
    default:
      return 'text';
  }
};

const range = ({ minimum, maximum }: Schema): string => {
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return minimum === undefined ? 'number' : bounded ? `${minimum} to ${maximum}` : `${minimum} or more`;
};

/** Three siblings and more that take the same for the same reason are one row; two may be told apart. */
const alike = (members: readonly [string, Setting[]][]): boolean => {
  const [first, ...others] = members.map(([key, settings]) =>
    JSON.stringify(settings.map(({ path, because }) => [path === key ? '' : path.slice(key.length), because])),
  );
  return (
    others.length >= 2 && members.every(([, settings]) => settings.every(described)) && others.every((other) => other === first)
  );
};

const described = ({ because }: Setting): boolean => because !== undefined;

const asOne = (members: readonly [string, Setting[]][]): Setting[] => {
  const [[key = '', settings = []] = []] = members;
  return settings.map(({ path, because }, index) => {
    const common = (column: 'takes' | 'usual'): string =>
      merged(members.map(([name, of]): [string, string] => [name, of[index]?.[column] ?? '']));
    return { path: `*${path.slice(key.length)}`, because, takes: common('takes'), usual: common('usual') };
  });
};

/** `1`, or `1 (ingest, bundle); 2 (prepare)`. */
const merged = (values: readonly [string, string][]): string => {
  const byValue = Map.groupBy(values, ([, value]) => value);
  if (byValue.size === 1) return [...byValue.keys()].join('');
  return [...byValue].map(([value, of]) => `${value} (${of.map(([name]) => name).join(', ')})`).join('; ');
};
