import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** Where deliveries end that were tried often enough. Kept as long as SQS keeps anything, so that a holiday does not lose one. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string, { queueName }: { queueName: string }) {
    super(scope, id, {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This queue is itself the dead-letter queue of rules and streams.',
    });
  }
}
