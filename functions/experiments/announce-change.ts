import { setTimeout } from 'node:timers/promises';
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { ExperimentStatusChanged } from '../shared/contracts/experiment-view.ts';
import { EVENTS } from '../shared/contracts/names.ts';
import { UnexpectedAnswer } from '../shared/errors.ts';

/** A bus that is busy for a moment is asked again at once; one that is busy for longer is left to whoever called. */
const RETRY_MILLISECONDS = [50, 200, 800];

export type Announcer = { eventBridge: EventBridgeClient; bus: string };

/**
 * Puts one change of status on the bus.
 * @throws UnexpectedAnswer when the bus goes on refusing it
 */
export const announceChange = async (detail: ExperimentStatusChanged, { eventBridge, bus }: Announcer): Promise<void> => {
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
