import { awsCommand, type Place } from '../../deployment/place.ts';
import { type Finding, finding } from '../finding.ts';

export const TOOLKIT_STACK = 'CDKToolkit';

const bootstrap = (account: string, { region, profile }: Place): string =>
  `npx cdk bootstrap aws://${account}/${region}${profile === undefined ? '' : ` --profile ${profile}`}`;

/** `version` is what the parameter that `cdk bootstrap` leaves in a region says, undefined where there is none. */
export const judgeBootstrapVersion = (version: string | undefined, wanted: number, place: Place, account: string): Finding => {
  const { region } = place;
  if (version === undefined) {
    return finding(
      'blocks',
      `${region} is not bootstrapped: the CDK has nowhere to put code and templates.`,
      bootstrap(account, place),
    );
  }
  return Number(version) >= wanted
    ? finding('ok', `bootstrap version ${version} in ${region}, ${wanted} wanted`)
    : finding(
        'blocks',
        `The bootstrap of ${region} has version ${version}, but the stacks want ${wanted}.`,
        bootstrap(account, place),
      );
};

const BROKEN = /FAILED$|^ROLLBACK_|^DELETE_/;

/** `status` is that of the stack CDKToolkit, undefined where there is none: a bootstrap under another name is as good, if it left its version. */
export const judgeBootstrapStack = (status: string | undefined, place: Place, account: string): Finding => {
  const { region } = place;
  if (status === undefined)
    return finding('note', `${region} has no stack ${TOOLKIT_STACK}; a bootstrap under another name is as good.`);
  if (BROKEN.test(status)) {
    return finding(
      'blocks',
      `The stack ${TOOLKIT_STACK} in ${region} is ${status}. See why in its events, delete it if nothing else uses it, and bootstrap again.`,
      awsCommand(`cloudformation describe-stack-events --stack-name ${TOOLKIT_STACK}`, place),
      bootstrap(account, place),
    );
  }
  return status.endsWith('_IN_PROGRESS')
    ? finding('degrades', `The stack ${TOOLKIT_STACK} in ${region} is ${status}: wait until it is done.`)
    : finding('ok', `stack ${TOOLKIT_STACK} in ${region} is ${status}`);
};
