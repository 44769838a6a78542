import * as z from 'zod';
import { eventBridgeClient, s3Client } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { EVENTS, REHEARSALS } from '../shared/contracts/names.ts';
import {
  type RehearsalCompleted,
  type RehearsalReport,
  rehearsalCompleted,
  rehearsalId,
  rehearsalSubjects,
} from '../shared/contracts/rehearsal.ts';
import { eventHandler } from '../shared/handlers.ts';
import { type Announcer, putEvent } from '../shared/put-event.ts';
import { composeReport } from './compose-report.ts';
import { type RehearsalStore, rehearsalStore } from './rehearsal-store.ts';

export const environment = ['EXPERIMENTS_BUCKET', 'EVENT_BUS'] as const;

const rehearsal = z.enum(REHEARSALS);
const request = z.strictObject({
  rehearsalId,
  startedAt: z.string().describe('as Step Functions writes it'),
  interruption: z.string(),
  subjects: rehearsalSubjects,
  skipped: z.array(z.strictObject({ rehearsal, because: z.string() })),
  jobs: z.array(z.strictObject({ rehearsal, jobId: z.string().nullable(), status: z.string(), reason: z.string().nullable() })),
});

type Services = Announcer & { store: RehearsalStore; clock: Clock };

const announce = async (report: RehearsalReport, services: Services): Promise<void> => {
  const { rehearsalId, endedAt, outcome, schemaVersion } = report;
  const detail: RehearsalCompleted = { schemaVersion, rehearsalId, endedAt, outcome, report: services.store.uriOf(rehearsalId) };
  const event = { ...EVENTS.rehearsalCompleted, detail: rehearsalCompleted.parse(detail), at: endedAt };
  // Refused, the state machine asks again, and a repetition finds the report stored.
  await putEvent(services, event, rehearsalId);
};

/** Last step of a rehearsal: puts what its jobs found out into one report, stores that once, and says so on the bus, at least once. */
export const publishReport = async (
  event: unknown,
  services: Services,
): Promise<{ outcome: RehearsalReport['outcome']; report: string }> => {
  const ended = request.parse(event);
  const { store, clock } = services;
  const found = await Promise.all(
    ended.jobs.map(async (job) => [job.rehearsal, await store.finding(ended.rehearsalId, job.rehearsal)] as const),
  );
  const report = await store.publish(
    composeReport({
      ...ended,
      startedAt: instantOf(new Date(ended.startedAt)),
      endedAt: instantOf(clock.now()),
      findings: Object.fromEntries(found),
    }),
  );
  await announce(report, services);
  return { outcome: report.outcome, report: store.uriOf(report.rehearsalId) };
};

export const handler = eventHandler(
  environment,
  ({ EXPERIMENTS_BUCKET, EVENT_BUS }) => ({
    store: rehearsalStore(s3Client(), EXPERIMENTS_BUCKET),
    eventBridge: eventBridgeClient(),
    bus: EVENT_BUS,
    clock: systemClock,
  }),
  publishReport,
);
