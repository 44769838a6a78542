import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { TierFailure } from '../tier/tier-failure.ts';
import { failureOf } from './call-failure.ts';
import { clientOptions, type Place } from './place.ts';

/** Whose credentials a command uses. */
export type Caller = { account: string; arn: string };

const signIn = ({ profile }: Place): string =>
  profile === undefined
    ? '`aws configure`, `aws sso login` or AWS_PROFILE'
    : `\`aws configure --profile ${profile}\` or \`aws sso login --profile ${profile}\``;

/**
 * Asks AWS who is calling, which takes no permission.
 * @throws TierFailure when there are no credentials, when AWS does not take them, or when it cannot be reached
 */
export const callerAt = async (place: Place): Promise<Caller> => {
  try {
    const { Account = '', Arn = '' } = await new STSClient(clientOptions(place)).send(new GetCallerIdentityCommand({}));
    return { account: Account, arn: Arn };
  } catch (error) {
    const { kind, reason } = failureOf(error);
    switch (kind) {
      case 'no credentials':
        throw new TierFailure(`There are no AWS credentials to ask with (${reason}). Sign in first: ${signIn(place)}.`);
      case 'wrong credentials':
        throw new TierFailure(
          `AWS does not take these credentials (${reason}): mistyped, deleted or expired. Sign in again: ${signIn(place)}.`,
        );
      default:
        throw new TierFailure(
          `AWS in ${place.region} did not say who is calling (${reason}). Look whether the region's name is right, and whether a network or proxy is in between.`,
        );
    }
  }
};
