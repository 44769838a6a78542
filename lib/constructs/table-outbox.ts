import { Duration } from 'aws-cdk-lib';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { allow } from './allow.ts';
import { decrypts } from './key-use.ts';
import type { PipelineFunction } from './pipeline-function.ts';
import type { TableReference } from './storage-references.ts';

/** A record that fails this often (with pauses that grow to minutes) is looked at by a person, and the shard goes on. */
const RETRIES = 10;
/** The stream itself forgets after a day. */
const MAX_AGE = Duration.hours(23);

/** From the table's stream to a function: at least once, in order per item, one bad record does not stop the others. */
export class TableOutbox extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { table, consumer, undelivered }: { table: TableReference; consumer: PipelineFunction; undelivered: IQueue },
  ) {
    super(scope, id);
    const streamArn = table.tableStreamArn;
    if (streamArn === undefined) throw new Error(`${table.node.path} has no stream to publish from.`);

    allow(consumer.role, {
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [streamArn],
    });
    allow(consumer.role, {
      actions: ['dynamodb:ListStreams'],
      resources: ['*'],
      because: 'AWS defines no resource for this action.',
    });
    allow(consumer.role, { actions: ['sqs:SendMessage'], resources: [undelivered.queueArn] });
    for (const permission of decrypts(table, 'dynamodb')) allow(consumer.role, permission);

    const mapping = new CfnEventSourceMapping(this, 'Mapping', {
      eventSourceArn: streamArn,
      functionName: consumer.lambda.functionName,
      startingPosition: 'TRIM_HORIZON', // nothing that happened between two deploys is lost
      batchSize: 50,
      bisectBatchOnFunctionError: true,
      functionResponseTypes: ['ReportBatchItemFailures'],
      maximumRetryAttempts: RETRIES,
      maximumRecordAgeInSeconds: MAX_AGE.toSeconds(),
      destinationConfig: { onFailure: { destination: undelivered.queueArn } },
    });
    mapping.node.addDependency(consumer.role); // Lambda checks at once that the role may read the stream
  }
}
