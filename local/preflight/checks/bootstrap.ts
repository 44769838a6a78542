import { type Finding, finding } from '../finding.ts';
import type { Needs } from '../needs.ts';
import type { Place } from '../place.ts';

/** By region: the version in the parameter that `cdk bootstrap` leaves, undefined where it has left none. */
export type BootstrapVersions = Readonly<Record<string, string | undefined>>;
/** By region: the status of the stack CDKToolkit, undefined where there is none. */
export type BootstrapStacks = Readonly<Record<string, string | undefined>>;

export const TOOLKIT_STACK = 'CDKToolkit';

const bootstrap = (region: string, { profile }: Place): string =>
  `npx cdk bootstrap aws://$(aws sts get-caller-identity --query Account --output text${profile === undefined ? '' : ` --profile ${profile}`})/${region}${profile === undefined ? '' : ` --profile ${profile}`}`;

export const judgeBootstrapVersions = (versions: BootstrapVersions, { bootstrap: need }: Needs, place: Place): Finding[] =>
  need.regions.map((region) => {
    const version = versions[region];
    if (version === undefined) return finding('blocks', `${region} is not bootstrapped: the CDK has nowhere to put code and templates.`, bootstrap(region, place));
    return Number(version) >= need.version
      ? finding('ok', `bootstrap version ${version} in ${region}, ${need.version} wanted`)
      : finding('blocks', `The bootstrap of ${region} has version ${version}, but the stacks want ${need.version}.`, bootstrap(region, place));
  });

const BROKEN = /FAILED$|^ROLLBACK_|^DELETE_/;

/** A bootstrap under another name is as good, if the version above was found. */
export const judgeBootstrapStacks = (stacks: BootstrapStacks, { bootstrap: need }: Needs, place: Place): Finding[] =>
  need.regions.map((region) => {
    const status = stacks[region];
    if (status === undefined) return finding('note', `${region} has no stack ${TOOLKIT_STACK}; a bootstrap under another name is as good.`);
    if (BROKEN.test(status)) {
      return finding(
        'blocks',
        `The stack ${TOOLKIT_STACK} in ${region} is ${status}. See why in its events, delete it if nothing else uses it, and bootstrap again.`,
        `https://${region}.console.aws.amazon.com/cloudformation/home#/stacks?filteringText=${TOOLKIT_STACK}`,
        bootstrap(region, place),
      );
    }
    return status.endsWith('_IN_PROGRESS')
      ? finding('degrades', `The stack ${TOOLKIT_STACK} in ${region} is ${status}: wait until it is done.`)
      : finding('ok', `stack ${TOOLKIT_STACK} in ${region} is ${status}`);
  });
