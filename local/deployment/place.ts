import { STSClient } from '@aws-sdk/client-sts';
import { TierFailure } from '../tier/tier-failure.ts';

/** Where in AWS a command looks, and as whom; without a profile as the shell's credentials say. */
export type Place = { region: string; profile?: string | undefined };

/**
 * `--region`, or where the profile or the shell points, as the AWS CLI and the CDK decide it.
 * @throws TierFailure when nothing names a region
 */
export const placeOf = async ({ region, profile }: Partial<Place>): Promise<Place> => {
  try {
    return { region: region ?? (await new STSClient(ofProfile(profile)).config.region()), profile };
  } catch {
    throw new TierFailure(
      `Nothing says which region to look at: give --region REGION, set AWS_REGION, or run \`aws configure set region REGION${profile === undefined ? '' : ` --profile ${profile}`}\`.`,
    );
  }
};

const ofProfile = (profile: string | undefined) => (profile === undefined ? {} : { profile });

/** What every client of a place is made with. A call that is not answered must not hold the others for minutes. */
export const clientOptions = ({ region, profile }: Place) => ({
  region,
  ...ofProfile(profile),
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
});

/** `aws …` with the region and profile that were looked at. */
export const awsCommand = (text: string, { region, profile }: Place): string =>
  [`aws ${text}`, `--region ${region}`, ...(profile === undefined ? [] : [`--profile ${profile}`])].join(' ');
