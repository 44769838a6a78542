import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { writeCompared } from './write-compared.ts';
import { writeOnce } from './write-once.ts';

export type PrivateBucketProps = {
  deployment: Deployment;
  versioned: boolean;
  /** Whether objects can be locked, each for its own time. Without a default: most of what lies here is not. */
  locked?: boolean;
  /** A name that another stack has to know beforehand. None: CloudFormation chooses one that nobody else has. */
  bucketName?: string;
  /** None: the key of S3 itself. A customer key costs a dollar a month and protects from nobody that IAM does not. */
  key?: IKey | undefined;
  /** Which keys (`*` for any characters) are written once, or which are the only ones that are not. None: nothing is said. */
  writtenOnce?: { keys: readonly string[] } | { allBut: readonly string[] };
  /** Which keys are changed only by whoever has seen what they hold. */
  compared?: readonly string[];
  lifecycleRules?: LifecycleRule[];
};

/** A bucket that nobody reads over plain http or from the public, whose left-overs expire. */
export class PrivateBucket extends Bucket {
  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    const { deployment, versioned, locked = false, bucketName, key, writtenOnce, compared, lifecycleRules = [] } = props;
    const removalPolicy = deployment.data === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    super(scope, id, {
      ...(bucketName !== undefined && { bucketName }),
      ...(key === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }), // one call to KMS for many objects
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned,
      ...(locked && { objectLockEnabled: true }),
      lifecycleRules: [
        { id: 'abort-incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        ...(versioned ? [nonCurrentVersions(deployment)] : []),
        ...lifecycleRules,
      ],
      removalPolicy,
    });
    if (writtenOnce !== undefined) this.addToResourcePolicy(writeOnce(this.objects(writtenOnce)));
    if (compared !== undefined) this.addToResourcePolicy(writeCompared(compared.map((each) => this.arnForObjects(each))));
    this.policy?.applyRemovalPolicy(removalPolicy); // or a bucket that outlives its stack would be open to overwriting from then on
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs would need a bucket of their own and grow for ever; CloudTrail data events are the switch for whoever must have them.',
    });
  }

  private objects(keys: { keys: readonly string[] } | { allBut: readonly string[] }) {
    const arns = (patterns: readonly string[]): string[] => patterns.map((pattern) => this.arnForObjects(pattern));
    return 'keys' in keys ? { resources: arns(keys.keys) } : { notResources: arns(keys.allBut) };
  }
}

const nonCurrentVersions = (deployment: Deployment): LifecycleRule => ({
  id: 'expire-non-current-versions',
  noncurrentVersionExpiration: Duration.days(deployment.expiry.nonCurrentDays),
  expiredObjectDeleteMarker: true,
});
