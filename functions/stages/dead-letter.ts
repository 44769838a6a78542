import * as z from 'zod';
import type { Window } from '../experiments/told-changes.ts';
import { jsonOf } from '../shared/json.ts';

/**
 * What lies in a dead-letter queue: an event that never reached its function, or that the function failed on; or changes of the table that
 * could not be published, of which AWS keeps the time but not the content.
 */
export type DeadLetter =
  | { kind: 'event'; event: Record<string, unknown> }
  | { kind: 'changes'; window: Window }
  | { kind: 'unreadable' };

const streamFailure = z.looseObject({
  DDBStreamBatchInfo: z.looseObject({
    approximateArrivalOfFirstRecord: z.iso.datetime(),
    approximateArrivalOfLastRecord: z.iso.datetime(),
  }),
});
const invocationFailure = z.looseObject({
  requestContext: z.looseObject({ functionArn: z.string() }),
  requestPayload: z.record(z.string(), z.unknown()),
});
const busEvent = z.looseObject({ 'detail-type': z.string() });

/** Arrivals are told to the second and by another clock than the history's. */
const MARGIN_MILLISECONDS = 60_000;

const shifted = (instant: string, milliseconds: number): string => new Date(Date.parse(instant) + milliseconds).toISOString();

/**
 * Reads the body of a message. EventBridge leaves the event as it is, Lambda wraps it into a record of the invocation, and a stream's
 * mapping tells of a batch.
 */
export const readDeadLetter = (body: string): DeadLetter => {
  const document = jsonOf(body);
  const stream = streamFailure.safeParse(document);
  if (stream.success) {
    const { approximateArrivalOfFirstRecord, approximateArrivalOfLastRecord } = stream.data.DDBStreamBatchInfo;
    return {
      kind: 'changes',
      window: {
        from: shifted(approximateArrivalOfFirstRecord, -MARGIN_MILLISECONDS),
        to: shifted(approximateArrivalOfLastRecord, MARGIN_MILLISECONDS),
      },
    };
  }
  const invocation = invocationFailure.safeParse(document);
  const event = busEvent.safeParse(invocation.success ? invocation.data.requestPayload : document);
  return event.success ? { kind: 'event', event: event.data } : { kind: 'unreadable' };
};
