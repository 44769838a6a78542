import type { Statement } from '../lib/policy-statements.ts';

/** A call as IAM sees it: on what, and what it says of itself. A key that the request does not have is absent. */
export type Call = { action: string; on: string; says?: Readonly<Record<string, string>> };

/** A statement of a bucket's policy, with its resources as text. */
export type Denial = {
  actions: readonly string[];
  resources?: readonly string[];
  notResources?: readonly string[];
  condition: Condition;
};
type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** `*` stands for any characters, slashes included, as in a policy. */
const matches = (pattern: string, value: string): boolean => {
  const literal = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${literal}$`, 's').test(value);
};

/** A condition on a key that the request does not have is not met, unless it asks for just that (`Null`). */
const OPERATORS: Record<string, (said: string | undefined, wanted: string) => boolean> = {
  StringEquals: (said, wanted) => said === wanted,
  StringLike: (said, wanted) => said !== undefined && matches(wanted, said),
  Bool: (said, wanted) => said === wanted,
  Null: (said, wanted) => String(said === undefined) === wanted,
};

/** All operators and all of their keys have to hold, of the values of a key one. */
const holds = (condition: Condition, says: Readonly<Record<string, string>> = {}): boolean =>
  Object.entries(condition).every(([operator, wanted]) => {
    const test = OPERATORS[operator];
    if (!test) throw new Error(`The condition operator ${operator} is not known here.`);
    return Object.entries(wanted).every(([key, values]) => [values].flat().some((value) => test(says[key], String(value))));
  });

/**
 * Whether IAM lets a role do this, as its evaluation logic is documented: something allows it and nothing denies it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export const isAllowed = (statements: readonly Statement[], call: Call, denials: readonly Denial[] = []): boolean => {
  const concerns = (patterns: readonly string[]): boolean => patterns.some((pattern) => matches(pattern, call.on));
  const denied = denials.some(
    ({ actions, resources, notResources, condition }) =>
      actions.includes(call.action) &&
      (resources ? concerns(resources) : !concerns(notResources ?? [])) &&
      holds(condition, call.says),
  );
  return (
    !denied &&
    statements.some(
      ({ actions, resources, condition }) =>
        actions.includes(call.action) && concerns(resources) && holds((condition ?? {}) as Condition, call.says),
    )
  );
};
