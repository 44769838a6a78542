import * as z from 'zod';
import { eventBridgeClient, s3Client } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { EVENTS } from '../shared/contracts/names.ts';
import {
  type SpotCheckCompleted,
  type SpotCheckReport,
  spotCheckCompleted,
  spotCheckId,
  spotCheckJob,
} from '../shared/contracts/spot-check.ts';
import { eventHandler } from '../shared/handlers.ts';
import { type Announcer, putEvent } from '../shared/put-event.ts';
import { composeSpotCheck } from './compose-spot-check.ts';
import { type SpotCheckStore, spotCheckStore } from './spot-check-store.ts';

export const environment = ['EXPERIMENTS_BUCKET', 'EVENT_BUS'] as const;

const request = z.strictObject({
  spotCheckId,
  startedAt: z.string().describe('as Step Functions writes it'),
  found: z.strictObject({ bundles: z.int().min(0), notes: z.array(z.string()) }),
  job: spotCheckJob.nullable(),
});

type Services = Announcer & { store: SpotCheckStore; clock: Clock };
type Published = Pick<SpotCheckReport, 'outcome' | 'because'> & { report: string };

/** Last step of a spot check: makes the report, stores it once, and says so on the bus, at least once. */
export const publishSpotCheck = async (event: unknown, services: Services): Promise<Published> => {
  const { spotCheckId: id, startedAt, found, job } = request.parse(event);
  const { store, clock } = services;
  const stored = await store.publish(
    composeSpotCheck({
      spotCheckId: id,
      startedAt: instantOf(new Date(startedAt)),
      endedAt: instantOf(clock.now()),
      notes: found.notes,
      job,
      finding: job ? await store.finding(id) : undefined,
    }),
  );
  const { schemaVersion, endedAt, outcome, because } = stored;
  const report = store.uriOf(id);
  const detail: SpotCheckCompleted = { schemaVersion, spotCheckId: id, endedAt, outcome, because, report };
  // Refused, the state machine asks again, and a repetition finds the report stored.
  await putEvent(services, { ...EVENTS.spotCheckCompleted, detail: spotCheckCompleted.parse(detail), at: endedAt }, id);
  return { outcome, because, report };
};

export const handler = eventHandler(
  environment,
  ({ EXPERIMENTS_BUCKET, EVENT_BUS }) => ({
    store: spotCheckStore(s3Client(), EXPERIMENTS_BUCKET),
    eventBridge: eventBridgeClient(),
    bus: EVENT_BUS,
    clock: systemClock,
  }),
  publishSpotCheck,
);
