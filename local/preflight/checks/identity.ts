import { type Finding, finding } from '../finding.ts';

export type Identity = { account: string; arn: string };

/** Whose credentials these are. */
export const judgeIdentity = ({ account, arn }: Identity): Finding[] => [
  finding('ok', `account ${account}, as ${arn}`),
  ...(arn.endsWith(':root')
    ? [
        finding(
          'note',
          'These are the root user’s credentials, which nobody can limit. Deploy with a role instead.',
          'https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html',
        ),
      ]
    : []),
];
