import { failureOf } from '../deployment/call-failure.ts';
import type { Caller } from '../deployment/caller.ts';
import { type Finding, finding } from './finding.ts';

/** Something that AWS is asked, and what is made of its answer. `actions` are what a policy has to allow for it. */
export type Check = { name: string; actions: readonly string[]; findings: () => Promise<Finding[]> };

/** The findings of a check. A question that AWS does not answer is a finding, too: what could not be looked at must not look like `ok`. */
export const runCheck = async (check: Check, caller: Caller): Promise<Finding[]> => {
  try {
    return await check.findings();
  } catch (error) {
    return [unchecked(check, error, caller)];
  }
};

const unchecked = ({ name, actions }: Check, error: unknown, { arn }: Caller): Finding => {
  const { kind, reason } = failureOf(error);
  switch (kind) {
    case 'denied':
      return finding('unchecked', `${name}: ${arn} may not look. It takes ${actions.join(' and ')}.`);
    case 'throttled':
      return finding('unchecked', `${name}: AWS was asked too often (${reason}). Run this again in a minute.`);
    case 'unreachable':
      return finding(
        'unchecked',
        `${name}: AWS was not reached (${reason}). Look at the network, or whether the region has this service.`,
      );
    default:
      return finding('unchecked', `${name}: ${reason}.`);
  }
};
