import type { BatchClient } from '@aws-sdk/client-batch';
import { describeJobs } from './find-jobs.ts';

/** ECS's name of the instance that each of these jobs ran on last; those that never got one, or that Batch has forgotten, are left out. */
export const instancesOfJobs = async (batch: BatchClient, jobIds: readonly string[]): Promise<Map<string, string>> =>
  new Map(
    (await describeJobs(batch, jobIds)).flatMap(({ jobId, container, attempts }) => {
      const instance = container?.containerInstanceArn ?? attempts?.at(-1)?.container?.containerInstanceArn;
      return jobId && instance ? [[jobId, instance] as const] : [];
    }),
  );
