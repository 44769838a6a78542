import { BatchClient } from '@aws-sdk/client-batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

// Region, credentials and endpoints come from the environment alone, as the SDK reads it. Each client is one function, so that a
// bundler drops those that a Lambda does not call.

/** Three tries within a request's life; the callers above have their own retries (queue redelivery, the supervisor's minute). */
const RETRIES = { maxAttempts: 3 };

export const documentClient = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(RETRIES), { marshallOptions: { removeUndefinedValues: true } });

export const s3Client = (): S3Client => new S3Client(RETRIES);

export const stepFunctionsClient = (): SFNClient => new SFNClient(RETRIES);

export const eventBridgeClient = (): EventBridgeClient => new EventBridgeClient(RETRIES);

/** The region's endpoint, as for every other service, and not the host of the queue's URL: that may be another deployment's, or none. */
export const sqsClient = (): SQSClient => new SQSClient({ ...RETRIES, useQueueUrlAsEndpoint: false });

export const batchClient = (): BatchClient => new BatchClient(RETRIES);

export const ecsClient = (): ECSClient => new ECSClient(RETRIES);
