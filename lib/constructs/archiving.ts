import { Duration } from 'aws-cdk-lib';
import { type LifecycleRule, StorageClass } from 'aws-cdk-lib/aws-s3';

/** A smaller object is billed for 128 KiB in both classes: it would cost more there than where it is. */
const MIN_BYTES = 128 * 1024;

/** S3 takes nothing into STANDARD_IA sooner; most of what an experiment reads it has read by then. */
const WARM_AFTER = Duration.days(30);
/** A quarter: what is read less often than this costs less there, although each read costs more. */
const ARCHIVED_AFTER = Duration.days(90);

/**
 * Hot, then warm, then archive, for the objects below a prefix. The archive is Glacier Instant Retrieval and no deeper one: everything here is
 * read by jobs and functions with a plain GetObject, on a schedule or on a bad day, and an object of Flexible Retrieval or Deep Archive
 * answers that with an error until somebody has restored it, for hours.
 */
export const archiving = (prefix: string): LifecycleRule => ({
  id: `archive-${prefix.split('/').filter(Boolean).join('-')}`,
  prefix,
  objectSizeGreaterThan: MIN_BYTES,
  transitions: [
    { storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: WARM_AFTER },
    { storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: ARCHIVED_AFTER },
  ],
});
