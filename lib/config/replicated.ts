import type { Deployment } from './deployment.ts';

/**
 * What is copied to the second region, by bucket: everything that cannot be made again. Uploads are copied when they have become raw data, and
 * checkpoints are worth two weeks at most; a training that lost its own begins again.
 */
export const REPLICATED = {
  datasets: ['raw/', 'processed/', 'base-models/'],
  experiments: [''],
  releases: [''],
} as const satisfies Record<string, readonly string[]>;
export type ReplicatedBucket = keyof typeof REPLICATED;
export const REPLICATED_BUCKETS = Object.keys(REPLICATED) as ReplicatedBucket[];

/**
 * The name of a replica. Two stacks in two regions have to know it, so that no value has to travel between them. With account and region in
 * it nobody else has it, and with the longest name of a deployment it has 60 of the 63 characters that S3 takes.
 */
export const replicaName = (
  { name }: Deployment,
  bucket: ReplicatedBucket,
  { account, region }: { account: string; region: string },
): string => `${name}-${bucket}-${account}-${region}`;
