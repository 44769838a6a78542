import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { UnexpectedAnswer } from './errors.ts';

/** Puts events on a bus. */
export type Announcer = { eventBridge: EventBridgeClient; bus: string };

type Event = { source: string; detailType: string; detail: object; at: string };

/**
 * Puts one event on the bus, once. The SDK retries a call that fails; an entry that fails inside a call that succeeds is the caller's to retry.
 * @param about what the refusal names
 * @throws UnexpectedAnswer when the bus refuses the entry
 */
export const putEvent = async (
  { eventBridge, bus }: Announcer,
  { source, detailType, detail, at }: Event,
  about: string,
): Promise<void> => {
  const entry = {
    EventBusName: bus,
    Source: source,
    DetailType: detailType,
    Detail: JSON.stringify(detail),
    Time: new Date(at),
  };
  const { FailedEntryCount, Entries } = await eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
  if (FailedEntryCount)
    throw new UnexpectedAnswer(`The bus refused ${about}: ${Entries?.[0]?.ErrorCode} ${Entries?.[0]?.ErrorMessage}`);
};
