import * as z from 'zod';
import { gitSha, instant, s3Uri, schemaVersion } from './primitives.ts';
import { bundleAnswers, rehearsalError, rehearsalId } from './rehearsal.ts';

/** The name of the execution, as with a rehearsal. */
export const spotCheckId = rehearsalId;

/** How a spot check ended, or one bundle of it. */
export const BUNDLE_OUTCOMES = ['held', 'drifted', 'altered', 'unchecked'] as const;

const checkedBundle = z
  .strictObject({
    bundleUri: s3Uri,
    outcome: z
      .enum(BUNDLE_OUTCOMES)
      .describe(
        'held: answers as recorded; drifted: answers otherwise than recorded; altered: its bytes are not those that were released; unchecked: could not be looked at',
      ),
    answers: bundleAnswers.nullable().describe('null when it did not hold'),
    recorded: z
      .record(z.string(), z.number())
      .describe('what its gates measured when it was released, as `fp32.maxAbs` and `int8.meanAbsScoreDelta`'),
    mismatches: z.array(z.string()).max(100).describe('of FP32 against the recorded logits, furthest first, each as a sentence'),
    releasedWith: z.record(z.string(), z.string()).describe('library → version, as far as the bundle records it'),
    error: rehearsalError.nullable().describe('null when it held'),
  })
  .meta({ id: 'CheckedBundle' });

/** `spot-checks/{id}/finding.json`: what the job found. Without it, it ended without a word. */
export const spotCheckFinding = z
  .strictObject({
    schemaVersion,
    spotCheckId,
    startedAt: instant,
    endedAt: instant,
    gitSha,
    imageDigest: z.string(),
    versions: z.record(z.string(), z.string()).describe('library → version that answered'),
    cpuModel: z.string(),
    instructionSets: z.array(z.string()),
    bundles: z.array(checkedBundle),
  })
  .meta({ id: 'SpotCheckFinding' });
export type SpotCheckFinding = z.infer<typeof spotCheckFinding>;

const outcome = z.enum(['held', 'drifted', 'failed', 'nothing-to-check']);

/** How the job ended, as the state machine saw it; `jobId` is null for one that Batch did not take. */
export const spotCheckJob = z
  .strictObject({ jobId: z.string().nullable(), status: z.string(), reason: z.string().nullable() })
  .meta({ id: 'SpotCheckJob' });

/** `spot-checks/{id}/report.json`, written once. */
export const spotCheckReport = z
  .strictObject({
    schemaVersion,
    spotCheckId,
    startedAt: instant,
    endedAt: instant,
    outcome: outcome.describe(
      'drifted when a bundle drifted or was altered; failed when one could not be looked at and none drifted; nothing-to-check when nothing was released',
    ),
    because: z.string().describe('one sentence'),
    notes: z.array(z.string()).describe('what was not looked at'),
    job: spotCheckJob.nullable(),
    finding: spotCheckFinding.nullable(),
  })
  .meta({ id: 'SpotCheckReport' });
export type SpotCheckReport = z.infer<typeof spotCheckReport>;

/** Detail of a `Spot Check Completed` event. */
export const spotCheckCompleted = z
  .strictObject({ schemaVersion, spotCheckId, endedAt: instant, outcome, because: z.string(), report: s3Uri })
  .meta({ id: 'SpotCheckCompleted' });
export type SpotCheckCompleted = z.infer<typeof spotCheckCompleted>;
