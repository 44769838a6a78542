import { BatchClient } from '@aws-sdk/client-batch';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { disposableBuckets } from './disposable-buckets.ts';
import { emptyBucket } from './empty-bucket.ts';
import { deregisterDefinitions } from './old-definitions.ts';

/** How the clients of one region are made. */
export type Reach = {
  endpoint?: string;
  region: string;
  profile?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

export type TakenDown = { emptied: { bucket: string; objects: number }[]; deregistered: string[] };

/**
 * Takes a deployment away with all that its stacks do not retain: first what runs, so that nobody writes any more; then what is in the buckets
 * that go, because CloudFormation deletes no bucket with something in it; then the rest, and what stacks leave behind.
 * @param stores where its buckets are: the storage stack, and the one with the replicas
 */
export const takeDown = async (
  { name, stores, reach }: { name: string; stores: readonly { stack: string; reach: Reach }[]; reach: Reach },
  destroyStacks: (which: string) => Promise<void>,
): Promise<TakenDown> => {
  await destroyStacks(`${name}-compute`); // and all that are built on it
  const emptied: TakenDown['emptied'] = [];
  for (const { stack, reach } of stores) {
    const s3 = new S3Client({ ...reach, forcePathStyle: reach.endpoint !== undefined });
    for (const bucket of await disposableBuckets(new CloudFormationClient(reach), stack))
      emptied.push({ bucket, objects: await emptyBucket(s3, bucket) });
  }
  await destroyStacks('--all');
  return { emptied, deregistered: await deregisterDefinitions(new BatchClient(reach), name) };
};
