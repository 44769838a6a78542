import { setTimeout } from 'node:timers/promises';
import type { ExperimentStatusChanged } from '../shared/contracts/experiment-view.ts';
import { EVENTS } from '../shared/contracts/names.ts';
import { UnexpectedAnswer } from '../shared/errors.ts';
import { type Announcer, putEvent } from '../shared/put-event.ts';

/** A bus that is busy for a moment is asked again at once; one that is busy for longer is left to whoever called. */
const RETRY_MILLISECONDS = [50, 200, 800];

/**
 * Puts one change of status on the bus.
 * @throws UnexpectedAnswer when the bus goes on refusing it
 */
export const announceChange = async (detail: ExperimentStatusChanged, announcer: Announcer): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await putEvent(announcer, { ...EVENTS.experimentStatusChanged, detail, at: detail.at }, detail.eventId);
    } catch (error) {
      const wait = RETRY_MILLISECONDS[attempt];
      if (wait === undefined || !(error instanceof UnexpectedAnswer)) throw error;
      await setTimeout(wait);
    }
  }
};
