import type { Caller } from '../../deployment/caller.ts';
import { type Finding, finding } from '../finding.ts';

/** Whose credentials these are. */
export const judgeIdentity = ({ account, arn }: Caller): Finding[] => [
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
