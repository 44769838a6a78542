import { setTimeout } from 'node:timers/promises';
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { eventBridgeClient } from '../shared/clients.ts';
import { EVENTS } from '../shared/contracts/names.ts';
import { UnexpectedAnswer } from '../shared/errors.ts';
import { eventHandler, logger } from '../shared/handlers.ts';
import { statusChange } from './status-change.ts';

export const environment = ['EVENT_BUS'] as const;

/** A bus that is busy for a moment is asked again at once; one that is busy for longer is left to the stream's own retries. */
const RETRY_MILLISECONDS = [50, 200, 800];

type Services = { eventBridge: EventBridgeClient; bus: string };

const publish = async (record: DynamoDBRecord, { eventBridge, bus }: Services): Promise<void> => {
  const detail = statusChange(record);
  if (!detail) return;
  const { source, detailType } = EVENTS.experimentStatusChanged;
  const entry = {
    EventBusName: bus,
    Source: source,
    DetailType: detailType,
    Detail: JSON.stringify(detail),
    Time: new Date(detail.at),
  };
  for (let attempt = 0; ; attempt++) {
    // The SDK retries a call that fails; an entry that fails inside a call that succeeds is ours to retry.
    const { FailedEntryCount, Entries } = await eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
    if (!FailedEntryCount) return;
    const wait = RETRY_MILLISECONDS[attempt];
    if (wait === undefined) {
      throw new UnexpectedAnswer(`The bus refused ${detail.eventId}: ${Entries?.[0]?.ErrorCode} ${Entries?.[0]?.ErrorMessage}`);
    }
    await setTimeout(wait);
  }
};

/** The table's stream is the outbox: each change of status becomes one event, at least once. Only records that failed are delivered again. */
export const publishChanges = async (event: DynamoDBStreamEvent, services: Services): Promise<DynamoDBBatchResponse> => {
  const processor = new BatchProcessor(EventType.DynamoDBStreams, { logger });
  return processPartialResponse(event, (record: DynamoDBRecord) => publish(record, services), processor, {
    // When all fail, say which: an error would only hide that the first one is what the stream has to start from.
    throwOnFullBatchFailure: false,
  });
};

export const handler = eventHandler(
  environment,
  (env) => ({ eventBridge: eventBridgeClient(), bus: env.EVENT_BUS }),
  publishChanges,
);
