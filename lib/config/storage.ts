import * as z from 'zod';
import type { Deployment } from './deployment.ts';

const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket, not its ARN or URI')
  .optional();

/**
 * A table and buckets that are there already and are used instead of the storage stack's own: a point-in-time restore makes a new table, and a
 * bucket that was lost comes back under another name. They are used as they are; whoever restores them sees to indexes, stream, time to live and
 * recovery, to versions, encryption, bucket policy and lifecycle, and to Object Lock, which `objectLock` takes for granted.
 *
 * CloudFormation refuses to drop an export that another stack imports. So deploy the users of the old one first, then the rest:
 * `cdk deploy --exclusively {name}-pipeline {name}-api {name}-rehearsal`, then `cdk deploy --all`. What the storage stack made itself leaves
 * its template with that: with `data: retain` it stays in the account, orphaned; with `data: destroy` it is deleted if it is still there.
 */
export const existing = z
  .strictObject({
    table: z
      .strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9_.-]{3,255}$/, 'expected the name of a table, not its ARN')
          .describe('A table with the keys, indexes and stream of the deployment’s own.'),
        streamArn: z
          .string()
          .regex(
            /^arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9_.-]+\/stream\/\S+$/,
            'expected the ARN of the table’s stream',
          )
          .describe(
            'Its `LatestStreamArn`, as `aws dynamodb describe-table` shows it: changes of experiments are published from it.',
          ),
      })
      .refine(({ name, streamArn }) => streamArn.includes(`:table/${name}/stream/`), {
        path: ['streamArn'],
        message: 'expected the stream of the table that is named beside it',
      })
      .optional()
      .describe('A table that is there already, such as one restored to a point in time. None: the deployment makes its own.'),
    buckets: z
      .strictObject({
        datasets: bucketName.describe('Uploads, datasets, base models.'),
        experiments: bucketName.describe('What the stages of experiments wrote.'),
        checkpoints: bucketName.describe('What trainings go on from.'),
        releases: bucketName.describe('Bundles.'),
      })
      .prefault({})
      .describe('Buckets that are there already. None: the deployment makes its own.'),
    userPoolId: z
      .string()
      .regex(/^[a-z0-9-]+_[A-Za-z0-9]+$/, 'expected the id of a user pool, as us-east-1_a1B2c3D4e')
      .optional()
      .describe(
        'A user pool with `custom:tenant` and the groups, such as the one that a deleted deployment left. It gets a new client.',
      ),
    repositories: z
      .boolean()
      .default(false)
      .describe(
        'Whether the image repositories `{name}/{image}` are there already, as after a deployment whose data is retained was deleted. Their names are fixed: making them again would fail.',
      ),
  })
  .prefault({});

export const objectLock = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe(
        'Raw data and releases cannot be deleted until their time is up, in governance mode: whoever holds `s3:BypassGovernanceRetention` still can, and no role here does. None: where `data` is retain; a deployment that is thrown away could not empty its buckets.',
      ),
    rawDays: z
      .int()
      .min(1)
      .default(30)
      .describe(
        'As long as the upload that it was copied from, so that a deletion is noticed while the data can be sent again; no longer, because raw data may have to be erased for those who are in it.',
      ),
    releaseDays: z
      .int()
      .min(1)
      .default(365)
      .describe('A released model may have to be rolled back to, and its answers explained, for a year.'),
  })
  .prefault({});

export const customerKeys = z
  .boolean()
  .default(false)
  .describe(
    'Buckets and table are encrypted with a key of the account’s own, which is rotated: 1 USD a month, 3 after two rotations. Off: AWS’s keys, which are free; a key of one’s own keeps the data from nobody that IAM lets through.',
  );

export const replication = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a region, such as eu-west-1')
      .describe('Another region than the deployment’s own; it needs a `cdk bootstrap` too.'),
  })
  .optional()
  .describe(
    'Datasets, experiments and releases are copied to buckets in a second region, which a stack there makes; `existing` buckets are not, for they are used as they are. None: it doubles what storage costs, and adds the transfer.',
  );

/** Whether raw data and releases are locked. Decided once, when their buckets are made: S3 never lets go of it again. */
export const locksObjects = ({ objectLock, data }: Deployment): boolean => objectLock.enabled ?? data === 'retain';

/** What the switches of the storage cannot be together. */
export const storageProblems = ({ customerKeys, replication }: Deployment): string[] =>
  customerKeys && replication
    ? [
        'customerKeys and replication are both on: objects under a customer key are replicated only with a second key in the second region, which this app does not make. Switch one of them off.',
      ]
    : [];
