import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { eventBridgeClient } from '../shared/clients.ts';
import { eventHandler, logger } from '../shared/handlers.ts';
import type { Announcer } from '../shared/put-event.ts';
import { announceChange } from './announce-change.ts';
import { statusChange } from './status-change.ts';

export const environment = ['EVENT_BUS'] as const;

const publish = async (record: DynamoDBRecord, announcer: Announcer): Promise<void> => {
  const detail = statusChange(record);
  if (detail) await announceChange(detail, announcer);
};

/** The table's stream is the outbox: each change of status becomes one event, at least once. Only records that failed are delivered again. */
export const publishChanges = async (event: DynamoDBStreamEvent, announcer: Announcer): Promise<DynamoDBBatchResponse> => {
  const processor = new BatchProcessor(EventType.DynamoDBStreams, { logger });
  return processPartialResponse(event, (record: DynamoDBRecord) => publish(record, announcer), processor, {
    // When all fail, say which: an error would only hide that the first one is what the stream has to start from.
    throwOnFullBatchFailure: false,
  });
};

export const handler = eventHandler(
  environment,
  (env) => ({ eventBridge: eventBridgeClient(), bus: env.EVENT_BUS }),
  publishChanges,
);
