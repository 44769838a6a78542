import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/**
 * Refuses everybody to write an object unless the request says that there must be none yet (`If-None-Match: *`): whatever a role may write, it
 * cannot overwrite. CreateMultipartUpload and UploadPart take no such header and create no object, so they are let through; completing the
 * upload does. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 *
 * S3 has no conditional CopyObject: an object is brought back by removing its delete marker, or is replicated, never copied into its place.
 */
export const writeOnce = (objects: { resources: string[] } | { notResources: string[] }): PolicyStatement =>
  new PolicyStatement({
    sid: 'WriteOnce',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:PutObject'],
    ...objects,
    conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
  });
