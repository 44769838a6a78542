import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import { STAGES } from '../shared/contracts/names.ts';
import type { FieldProblem } from '../shared/errors.ts';

/** What is there now of what a spec was pinned to. An ARN that is absent is gone. */
export type FoundPins = {
  /** `spec.json` as it was read; undefined when it is missing or no JSON. */
  spec: unknown;
  /** Job definition ARN → its status. */
  definitions: ReadonlyMap<string, string>;
  /** Queue ARN → its state, or its status while it is being deleted. */
  queues: ReadonlyMap<string, string>;
};

type Difference = FieldProblem & { found: string };

const MISSING = 'missing';
const SHOWN = 200;

const shown = (value: unknown): string => (value === undefined ? MISSING : (JSON.stringify(value) ?? MISSING)).slice(0, SHOWN);

const isComposite = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const sameKind = (a: unknown, b: unknown): boolean => isComposite(a) && isComposite(b) && Array.isArray(a) === Array.isArray(b);

/** Every leaf in which two documents differ, by its path. */
const documentDifferences = (expected: unknown, found: unknown, path: string): Difference[] => {
  if (!sameKind(expected, found) || !isComposite(expected) || !isComposite(found))
    return Object.is(expected, found) ? [] : [{ field: `spec.json#${path}`, expected: shown(expected), found: shown(found) }];
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return keys.flatMap((key) => documentDifferences(expected[key], found[key], path === '' ? key : `${path}.${key}`));
};

const specDifferences = (spec: ResolvedSpec, found: unknown): Difference[] =>
  found === undefined
    ? [{ field: 'spec.json', expected: 'the document that was frozen at submit', found: MISSING }]
    : documentDifferences(spec, found, '');

const resourceDifference = (
  field: string,
  arn: string,
  wanted: string,
  found: ReadonlyMap<string, string>,
): Difference | undefined =>
  found.get(arn) === wanted ? undefined : { field, expected: `${arn}, ${wanted}`, found: found.get(arn) ?? MISSING };

/** Everything that is no longer as it was when the experiment was submitted; empty when it may be resumed. */
export const pinDifferences = (spec: ResolvedSpec, found: FoundPins): Difference[] => {
  const { jobDefinitions, ladders } = spec.pins;
  const pinned = STAGES.filter((stage) => Object.hasOwn(jobDefinitions, stage));
  const added = STAGES.filter((stage) => !pinned.includes(stage)).map((stage) => ({
    field: `pins.jobDefinitions.${stage}`,
    expected: 'no such stage, as in the pipeline that it was submitted to',
    found: 'a stage that was added since',
  }));
  const definitions = pinned.map((stage) =>
    resourceDifference(`pins.jobDefinitions.${stage}`, jobDefinitions[stage], 'ACTIVE', found.definitions),
  );
  const queues = pinned.flatMap((stage) =>
    ladders[stage].map((arn, rung) => resourceDifference(`pins.ladders.${stage}[${rung}]`, arn, 'ENABLED', found.queues)),
  );
  const gone = [...definitions, ...queues].filter((difference) => difference !== undefined);
  return [...specDifferences(spec, found.spec), ...added, ...gone];
};
