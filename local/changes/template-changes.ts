import { isDeepStrictEqual } from 'node:util';
import type { ReplacementRules } from './replacement-rules.ts';

type Resource = { Type: string; Properties?: Record<string, unknown>; DeletionPolicy?: string; [key: string]: unknown };
/** As far as it is compared. */
export type Template = { Resources: Record<string, Resource> };

/** `replaced` and `removed` resources are deleted with what is in them; `orphaned` ones stay in the account, under nobody's care. */
export type Change = {
  logicalId: string;
  type: string;
  effect: 'added' | 'updated' | 'maybe replaced' | 'replaced' | 'removed' | 'orphaned';
  because: string;
};

const NOTHING: Template = { Resources: {} };

/** What an update of a stack from one template to another does to each of its resources that does not stay as it is. */
export const changesOf = (before: Template | undefined, after: Template | undefined, rules: ReplacementRules): Change[] => {
  const [old, now] = [(before ?? NOTHING).Resources, (after ?? NOTHING).Resources];
  const gone = Object.entries(old).filter(([id, { Type }]) => now[id]?.Type !== Type);
  const added = Object.entries(now).filter(([id, { Type }]) => old[id]?.Type !== Type);
  return [
    ...gone.map(([logicalId, resource]) => removal(logicalId, resource, added, rules)),
    ...added.map(([logicalId, { Type }]): Change => ({ logicalId, type: Type, effect: 'added', because: 'new' })),
    ...updates(old, now, rules),
  ];
};

const removal = (
  logicalId: string,
  resource: Resource,
  added: readonly [string, Resource][],
  rules: ReplacementRules,
): Change => {
  const { Type: type, DeletionPolicy } = resource;
  const kept = DeletionPolicy === 'Retain';
  const successor = added.find(([, other]) => other.Type === type && nameOf(other, rules) === nameOf(resource, rules));
  const because =
    successor && nameOf(resource, rules) !== undefined
      ? `${successor[0]} takes its name ${nameOf(resource, rules)}, but CloudFormation makes the new one first and fails on the name`
      : 'no longer in the template';
  return { logicalId, type, effect: kept ? 'orphaned' : 'removed', because };
};

/** The name that a resource was given, which no second one can have; undefined when CloudFormation chooses. */
const nameOf = ({ Type, Properties = {} }: Resource, rules: ReplacementRules): string | undefined => {
  const property = rules[Type]?.always.find((path) => path.endsWith('Name') && typeof Properties[path] === 'string');
  return property === undefined ? undefined : String(Properties[property]);
};

const updates = (old: Record<string, Resource>, now: Record<string, Resource>, rules: ReplacementRules): Change[] => {
  const stays = Object.entries(now).filter(([id, { Type }]) => old[id]?.Type === Type);
  const replaced = new Map<string, string>();
  // What refers to a replaced resource in a property that cannot change is replaced with it, and so on.
  for (let found = true; found; ) {
    found = false;
    for (const [id, resource] of stays) {
      const because = replaced.has(id) ? undefined : mustReplace(old[id], resource, rules, replaced);
      if (because === undefined) continue;
      replaced.set(id, because);
      found = true;
    }
  }
  return stays.flatMap(([logicalId, resource]): Change[] => {
    const { Type: type } = resource;
    const because = replaced.get(logicalId);
    if (because !== undefined) return [{ logicalId, type, effect: 'replaced', because }];
    const before = old[logicalId]?.Properties ?? {};
    const after = resource.Properties ?? {};
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
    if (changed.length === 0) return [];
    const perhaps = (rules[type]?.sometimes ?? []).filter((path) => differs(before, after, path));
    return perhaps.length > 0 && !changesInPlace(resource)
      ? [{ logicalId, type, effect: 'maybe replaced', because: `${perhaps.join(', ')} changes` }]
      : [{ logicalId, type, effect: 'updated', because: `${changed.join(', ')} changes` }];
  });
};

/** An environment that says so never takes the way of replacement for what Batch can change in place. */
const changesInPlace = ({ Type, Properties }: Resource): boolean =>
  Type === 'AWS::Batch::ComputeEnvironment' && Properties?.ReplaceComputeEnvironment === false;

const mustReplace = (
  before: Resource | undefined,
  after: Resource,
  rules: ReplacementRules,
  replaced: ReadonlyMap<string, string>,
): string | undefined => {
  for (const path of rules[after.Type]?.always ?? []) {
    if (differs(before?.Properties ?? {}, after.Properties ?? {}, path)) return `${path} cannot change in place`;
    const cause = [...replaced.keys()].find((id) => refersTo(at(after.Properties, path), id));
    if (cause !== undefined) return `${path} refers to ${cause}, which is replaced`;
  }
  return undefined;
};

const differs = (before: unknown, after: unknown, path: string): boolean => !isDeepStrictEqual(at(before, path), at(after, path));

/** The value at a path; a list is taken whole. */
const at = (value: unknown, path: string): unknown => {
  const [first = '', ...rest] = path.split('/');
  if (first === '*' || typeof value !== 'object' || value === null) return value;
  const inner = (value as Record<string, unknown>)[first];
  return rest.length === 0 ? inner : at(inner, rest.join('/'));
};

const refersTo = (value: unknown, logicalId: string): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: unknown; 'Fn::GetAtt'?: unknown };
  if (Ref === logicalId || (Array.isArray(attribute) && attribute[0] === logicalId)) return true;
  return Object.values(value).some((inner) => refersTo(inner, logicalId));
};
