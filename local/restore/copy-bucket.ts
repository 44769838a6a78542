import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isNamed } from '../../functions/shared/aws-errors.ts';
import { TierFailure } from '../tier/tier-failure.ts';

/** CopyObject takes no more; no file of a bundle comes near. */
const LARGEST = 5 * 1024 ** 3;
const AT_A_TIME = 8;

export type CopiedBucket = { objects: number; bytes: number };

type Copy = {
  from: string;
  to: string;
  /** Of `to`. */
  region: string;
  /** Told after each object. */
  progressed?: (done: number, of: number) => void;
};

/** Undefined for what the bucket does not have. */
const ifThere = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    const absent = [
      'NoSuchBucketPolicy',
      'NoSuchLifecycleConfiguration',
      'ObjectLockConfigurationNotFoundError',
      'NotFound',
      'NoSuchBucket',
    ];
    if (isNamed(error, ...absent)) return undefined;
    throw error;
  }
};

const objectsIn = async (s3: S3Client, bucket: string): Promise<Map<string, number>> => {
  const objects = new Map<string, number>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket }))
    for (const { Key = '', Size = 0 } of Contents) objects.set(Key, Size);
  return objects;
};

/** An object lock can be had only when a bucket is made. */
const makeLike = async (s3: S3Client, from: string, to: string, region: string): Promise<void> => {
  if (await ifThere(s3.send(new HeadBucketCommand({ Bucket: to })))) return;
  const lock = await ifThere(s3.send(new GetObjectLockConfigurationCommand({ Bucket: from })));
  await s3.send(
    new CreateBucketCommand({
      Bucket: to,
      ObjectLockEnabledForBucket: lock?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
      // us-east-1 is the one region that must not be named.
      ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } }),
    }),
  );
};

const protect = async (s3: S3Client, bucket: string): Promise<void> => {
  const none = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };
  await s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: none }));
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
};

/** Last of all: a policy that forbids to overwrite forbids CopyObject, which has no condition. */
const govern = async (s3: S3Client, from: string, to: string): Promise<void> => {
  const lifecycle = await ifThere(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: from })));
  if (lifecycle?.Rules)
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: to, LifecycleConfiguration: { Rules: lifecycle.Rules } }));
  const policy = await ifThere(s3.send(new GetBucketPolicyCommand({ Bucket: from })));
  if (policy?.Policy)
    await s3.send(new PutBucketPolicyCommand({ Bucket: to, Policy: policy.Policy.replaceAll(`:::${from}`, `:::${to}`) }));
};

/**
 * Makes `to` a bucket like `from`, with all its objects and their retention, its lifecycle and its policy. Called again it goes on where it was
 * cut off.
 * @throws TierFailure when there is no `from`, an object is too large, or the two do not hold the same in the end
 */
export const copyBucket = async (s3: S3Client, { from, to, region, progressed = () => {} }: Copy): Promise<CopiedBucket> => {
  if (!(await ifThere(s3.send(new HeadBucketCommand({ Bucket: from })))))
    throw new TierFailure(`There is no bucket ${from}: --from names the copy, such as the replica in the second region.`);
  await makeLike(s3, from, to, region);
  await protect(s3, to);
  const [wanted, there] = await Promise.all([objectsIn(s3, from), objectsIn(s3, to)]);
  const left = [...wanted].filter(([key, bytes]) => there.get(key) !== bytes);
  const toCopy = left.length;
  let done = 0;

  const copy = async (key: string, bytes: number): Promise<void> => {
    if (bytes > LARGEST) throw new TierFailure(`${key} has ${bytes} bytes: copy it with \`aws s3 cp\`, then call again.`);
    const { ObjectLockMode, ObjectLockRetainUntilDate } = await s3.send(new HeadObjectCommand({ Bucket: from, Key: key }));
    const retention = ObjectLockMode && ObjectLockRetainUntilDate ? { ObjectLockMode, ObjectLockRetainUntilDate } : {};
    await s3.send(new CopyObjectCommand({ Bucket: to, Key: key, CopySource: encodeURI(`${from}/${key}`), ...retention }));
  };
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let next = left.shift(); next; next = left.shift()) {
        await copy(...next);
        progressed(++done, toCopy);
      }
    }),
  );
  await govern(s3, from, to);

  const copied = await objectsIn(s3, to);
  const different = [...wanted].filter(([key, bytes]) => copied.get(key) !== bytes).map(([key]) => key);
  if (different.length > 0) throw new TierFailure(`${to} lacks ${different.length} objects of ${from}, such as ${different[0]}.`);
  return { objects: wanted.size, bytes: [...wanted.values()].reduce((sum, bytes) => sum + bytes, 0) };
};
