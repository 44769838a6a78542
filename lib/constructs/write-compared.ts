import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/**
 * Refuses everybody to write one of these objects unless the request says what it found there: nothing (`If-None-Match: *`) or this very content
 * (`If-Match` with its ETag). Of two who change it at once, one wins and the other one learns of it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html, example 3
 */
export const writeCompared = (resources: string[]): PolicyStatement =>
  new PolicyStatement({
    sid: 'WriteCompared',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:PutObject'],
    resources,
    conditions: {
      Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' },
      Bool: { 's3:ObjectCreationOperation': 'true' },
    },
  });
