import type { Statement } from '../lib/policy-statements.ts';

/** As code, or the page would take `<Name>` for a tag. */
const code = (value: string): string => `\`${value.replaceAll('|', '\\|')}\``;

const conditionText = (condition: unknown): string =>
  Object.entries((condition ?? {}) as Record<string, Record<string, unknown>>)
    .flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => code(`${key} ${operator} ${JSON.stringify(value)}`)),
    )
    .join('; ');

/** Every role of the stacks with every action that it may do, on what, and when: for people to read, and to see a change of it. */
export const policyTable = (stacks: Record<string, readonly Statement[]>): string => {
  const lines = [
    '# What each role may do',
    '',
    'Read off the synthesised templates of the default configuration by `npm test`, which fails when they say something else; `vitest -u` writes',
    'it anew. `<Name.Attribute>` is a resource of the stacks. What each role must be refused stands in [denied.ts](denied.ts).',
  ];
  for (const [stack, statements] of Object.entries(stacks)) {
    lines.push('', `## ${stack}`);
    for (const role of [...new Set(statements.map((statement) => statement.role))].sort()) {
      const rows = statements
        .filter((statement) => statement.role === role)
        .flatMap(({ actions, resources, condition }) =>
          actions.map((action) => `| ${action} | ${resources.map(code).join('<br>')} | ${conditionText(condition)} |`),
        );
      lines.push(
        '',
        `### ${role.replace(/^<(.*)>$/, '$1')}`,
        '',
        '| action | on | when |',
        '| --- | --- | --- |',
        ...rows.sort(),
      );
    }
  }
  return `${lines.join('\n')}\n`;
};
