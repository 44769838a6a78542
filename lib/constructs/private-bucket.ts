import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

export type PrivateBucketProps = {
  deployment: Deployment;
  versioned: boolean;
  lifecycleRules?: LifecycleRule[];
};

/** A bucket that nobody reads over plain http or from the public, whose left-overs expire. */
export class PrivateBucket extends Bucket {
  constructor(scope: Construct, id: string, { deployment, versioned, lifecycleRules = [] }: PrivateBucketProps) {
    super(scope, id, {
      encryption: BucketEncryption.S3_MANAGED, // a customer key costs a dollar a month and protects from nobody that IAM does not
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned,
      lifecycleRules: [
        { id: 'abort-incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        ...(versioned ? [nonCurrentVersions(deployment)] : []),
        ...lifecycleRules,
      ],
      removalPolicy: deployment.data === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs would need a bucket of their own and grow for ever; CloudTrail data events are the switch for whoever must have them.',
    });
  }
}

const nonCurrentVersions = (deployment: Deployment): LifecycleRule => ({
  id: 'expire-non-current-versions',
  noncurrentVersionExpiration: Duration.days(deployment.expiry.nonCurrentDays),
  expiredObjectDeleteMarker: true,
});
