import { type Finding, SEVERITIES, type Severity } from './finding.ts';

const HEADINGS: Record<Severity, string> = {
  blocks: 'BLOCKS: with these the deployment fails, or no experiment can finish',
  degrades: 'DEGRADES: with these jobs wait, or something is slower than configured',
  unchecked: 'UNCHECKED: AWS could not be asked, so nobody knows',
  note: 'GOOD TO KNOW',
  ok: 'OK',
};

export type Counts = Record<Severity, number>;

export const countsOf = (findings: readonly Finding[]): Counts =>
  Object.fromEntries(
    SEVERITIES.map((severity) => [severity, findings.filter((each) => each.severity === severity).length]),
  ) as Counts;

const verdict = ({ blocks, degrades, unchecked }: Counts): string => {
  const rest = [
    degrades > 0 ? `${degrades} ${degrades === 1 ? 'degrades' : 'degrade'}` : '',
    unchecked > 0 ? `${unchecked} could not be checked` : '',
  ];
  const also = rest.filter((part) => part !== '').join(', ');
  if (blocks > 0)
    return `Not ready: ${blocks} ${blocks === 1 ? 'finding blocks' : 'findings block'}${also === '' ? '' : `, ${also}`}.`;
  return also === '' ? 'Ready to deploy.' : `Nothing found that blocks, but ${also}.`;
};

/** The findings for a person, worst first; what mends one stands below it, ready to be copied. */
export const findingLines = (findings: readonly Finding[]): string[] => [
  ...SEVERITIES.flatMap((severity) => {
    const of = findings.filter((each) => each.severity === severity);
    if (of.length === 0) return [];
    return [HEADINGS[severity], ...of.flatMap(({ says, todo }) => [`  - ${says}`, ...todo.map((each) => `      ${each}`)]), ''];
  }),
  verdict(countsOf(findings)),
];
