import type { Statement } from '../lib/policy-statements.ts';
import { asText } from '../lib/synthesised.ts';

/** As code, or the page would take `<Name>` for a tag. */
const code = (value: string): string => `\`${value.replaceAll('|', '\\|')}\``;

const valueText = (value: unknown): string =>
  typeof value === 'object' && !Array.isArray(value) ? `"${asText(value)}"` : JSON.stringify(value);

const conditionText = (condition: unknown): string =>
  Object.entries((condition ?? {}) as Record<string, Record<string, unknown>>)
    .flatMap(([operator, keys]) => Object.entries(keys).map(([key, value]) => code(`${key} ${operator} ${valueText(value)}`)))
    .join('; ');

export type Stacks = Readonly<Record<string, readonly Statement[]>>;

/** Role → its rows. */
const rowsOf = (statements: readonly Statement[]): Map<string, string[]> =>
  new Map(
    [...Map.groupBy(statements, ({ role }) => role)].map(([role, of]) => [
      role.replace(/^<(.*)>$/, '$1'),
      of
        .flatMap(({ actions, resources, condition }) =>
          actions.map((action) => `| ${action} | ${resources.map(code).join('<br>')} | ${conditionText(condition)} |`),
        )
        .sort(),
    ]),
  );

const roleLines = (rows: ReadonlyMap<string, readonly string[]>): string[] =>
  [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([role, of]) => ['', `### ${role}`, '', '| action | on | when |', '| --- | --- | --- |', ...of]);

/** The rows that `base` does not have. */
const beyond = (rows: ReadonlyMap<string, readonly string[]>, base: ReadonlyMap<string, readonly string[]>) =>
  new Map(
    [...rows]
      .map(([role, of]): [string, string[]] => [role, of.filter((row) => !base.get(role)?.includes(row))])
      .filter(([, of]) => of.length > 0),
  );

/**
 * Every role of the stacks with every action that it may do, on what, and when: for people to read, and to see a change of it. Of the deployments
 * with switches, what a role may do beyond the default one.
 */
export const policyTable = (stacks: Stacks, switched: Readonly<Record<string, Stacks>> = {}): string => {
  const lines = [
    '# What each role may do',
    '',
    'Read off the synthesised templates by `npm test`, which fails when they say something else; `vitest -u` writes it anew. First every role of',
    'the default configuration, then what switches add. `<Name.Attribute>` is a resource of the stacks. What each role must be refused stands in',
    '[denied.ts](denied.ts); what else protects a deployment, and what does not, in [docs/security.md](../../docs/security.md).',
  ];
  for (const [stack, statements] of Object.entries(stacks)) lines.push('', `## ${stack}`, ...roleLines(rowsOf(statements)));
  for (const [name, others] of Object.entries(switched)) {
    for (const [stack, statements] of Object.entries(others)) {
      const added = beyond(rowsOf(statements), rowsOf(stacks[stack] ?? []));
      if (added.size > 0) lines.push('', `## ${stack}, with ${name}`, ...roleLines(added));
    }
  }
  return `${lines.join('\n')}\n`;
};
