import * as z from 'zod';
import { count, instant, name, positiveInteger, schemaVersion, sha256, tenant } from './primitives.ts';

/**
 * Detail of `Consumption Recorded`: what one version answered in one minute on one server. The inference server puts it on the bus, whose
 * subscribers see it at least once: they drop doubles by `eventId`.
 */
export const consumptionRecorded = z
  .strictObject({
    schemaVersion,
    eventId: z.uuid(),
    tenant,
    model: name,
    version: positiveInteger,
    bundleSha256: sha256,
    replica: z.string().min(1).describe('the server that answered'),
    minute: instant.describe('start of the minute'),
    requests: positiveInteger.describe('those that were answered or failed; what was refused is not among them'),
    rows: count.describe('their inputs'),
    errors: count.describe('requests that failed'),
  })
  .meta({ id: 'ConsumptionRecorded' });
