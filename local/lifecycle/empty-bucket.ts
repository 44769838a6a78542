import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { TierFailure } from '../tier/tier-failure.ts';

/**
 * Deletes every version and delete marker of a bucket for good; answers how many there were. `pastLocks` also deletes what is locked in governance
 * mode, as only they can who may bypass that.
 */
export const emptyBucket = async (s3: S3Client, bucket: string, { pastLocks = false } = {}): Promise<number> => {
  for (let deleted = 0; ; ) {
    // Always the first page: what it held is gone the next time.
    const page: ListObjectVersionsCommandOutput = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (found.length === 0) return deleted;
    const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects, Quiet: true },
        ...(pastLocks && { BypassGovernanceRetention: true }),
      }),
    );
    const [first] = Errors;
    if (first)
      throw new TierFailure(
        `${bucket} cannot be emptied: ${first.Key} stays, and ${Errors.length - 1} more (${first.Code}: ${first.Message}). Locked objects go when their time is up.`,
      );
    deleted += found.length;
  }
};
