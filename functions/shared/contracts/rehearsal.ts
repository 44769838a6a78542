import * as z from 'zod';
import { REHEARSALS } from './names.ts';
import {
  count,
  experimentId,
  gitSha,
  instant,
  name,
  positiveInteger,
  s3Uri,
  schemaVersion,
  sha256,
  tenant,
} from './primitives.ts';

const seconds = z.number().min(0);
const rehearsal = z.enum(REHEARSALS);

/** The name of the execution: a UUID of a schedule, or what somebody typed in the console. It stands in keys and job names. */
export const rehearsalId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,80}$/, 'expected an execution name of 1 to 80 letters, digits, - and _');

const packageName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 'expected the name of a Python package');
const packageVersion = z
  .string()
  .max(50)
  .regex(/^[0-9][0-9A-Za-z.!+]*$/, 'expected the version of a Python package');

/** The one package that the upgrade moves. Without a version: to the newest that the index has. */
export const upgradeChoice = z.strictObject({ package: packageName, version: packageVersion.optional() });
export type UpgradeChoice = z.infer<typeof upgradeChoice>;

const restoreFigures = z
  .strictObject({
    experimentId,
    checkpoint: z.string().describe('directory of the checkpoint that was restored'),
    step: count,
    files: positiveInteger,
    bytes: positiveInteger,
    tensors: positiveInteger.describe('parameters of which the optimiser has its state'),
    learningRate: z.number().min(0).describe("of the schedule's next step"),
    loss: z.number().describe('of one step on made-up rows: finite, and no measure of anything'),
    tornCheckpoints: z.array(z.string()).describe('what was passed over on the way, with the reason'),
    differences: z.array(z.string()).describe('conditions that changed since the checkpoint was written, and may'),
    downloadSeconds: seconds.describe('verification included'),
    restoreSeconds: seconds,
    stepSeconds: seconds,
  })
  .meta({ id: 'RestoreFigures' });

const modelAnswers = z
  .strictObject({
    fp32MaxAbs: seconds.describe('largest |logit - recorded logit|; within the parity gate of the experiment'),
    int8MeanAbsScoreDelta: z
      .number()
      .nullable()
      .describe('mean |expected score INT8 - recorded| / (K - 1); null of a bundle that ships FP32 alone'),
  })
  .meta({ id: 'ModelAnswers' });

export const bundleAnswers = z
  .strictObject({
    bundleUri: s3Uri,
    bundleSha256: sha256,
    tenant,
    name,
    version: positiveInteger,
    bytes: positiveInteger,
    rows: positiveInteger,
    ...modelAnswers.shape,
    downloadSeconds: seconds,
    verifySeconds: seconds,
    scoreSeconds: seconds,
  })
  .meta({ id: 'BundleAnswers' });

const rollbackFigures = z
  .strictObject({
    newest: bundleAnswers,
    previous: bundleAnswers,
    secondsToFirstRightAnswer: seconds.describe('from the decision to roll back: download, verify, open, score, compare'),
  })
  .meta({ id: 'RollbackFigures' });

const upgradeFigures = z
  .strictObject({
    package: packageName,
    from: z.string(),
    to: z.string(),
    bundleUri: s3Uri,
    rows: positiveInteger,
    before: modelAnswers,
    after: modelAnswers,
    fp32MaxAbsDifference: seconds.describe('largest |logit after - logit before|'),
    int8MaxAbsDifference: z.number().nullable(),
    modulesFromNewVersion: positiveInteger.describe('modules of the moved package that the check loaded'),
    installSeconds: seconds,
    checkSeconds: seconds,
  })
  .meta({ id: 'UpgradeFigures' });

/** What a rehearsal measured, under its own name. */
export const rehearsalFigures = z
  .strictObject({
    restore: restoreFigures.optional(),
    rollback: rollbackFigures.optional(),
    upgrade: upgradeFigures.optional(),
  })
  .meta({ id: 'RehearsalFigures' });

export const rehearsalError = z
  .strictObject({
    message: z.string().max(2000).describe('what happened'),
    where: z.string().max(500).nullable(),
    remedy: z.string().max(1000).nullable().describe('what to do'),
  })
  .meta({ id: 'RehearsalError' });

/** `rehearsals/{id}/{rehearsal}.json`: what the job of one rehearsal found out. Without it, it ended without a word. */
export const rehearsalFinding = z
  .strictObject({
    schemaVersion,
    rehearsalId,
    rehearsal,
    outcome: z.enum(['passed', 'failed']),
    startedAt: instant,
    endedAt: instant,
    gitSha,
    imageDigest: z.string(),
    figures: rehearsalFigures.nullable().describe('null when it failed'),
    error: rehearsalError.nullable().describe('null when it passed'),
  })
  .meta({ id: 'RehearsalFinding' });

/** The model released last, and its versions that a rollback goes between. Null where there is none. */
export const rehearsalSubjects = z
  .strictObject({
    checkpoint: z.strictObject({ experimentId, directory: z.string() }).nullable(),
    newestBundle: s3Uri.nullable(),
    previousBundle: s3Uri.nullable(),
    notes: z.array(z.string()).describe('what was not looked at'),
  })
  .meta({ id: 'RehearsalSubjects' });
export type RehearsalSubjects = z.infer<typeof rehearsalSubjects>;

const outcome = z.enum(['passed', 'failed', 'nothing-to-rehearse']);

/** `rehearsals/{id}/report.json`, written once, when every job has ended. */
export const rehearsalReport = z
  .strictObject({
    schemaVersion,
    rehearsalId,
    startedAt: instant,
    endedAt: instant,
    outcome: outcome.describe('failed when one failed; nothing-to-rehearse when all were skipped'),
    interruption: z.string().describe('whether a spot host was reclaimed beforehand, and how'),
    subjects: rehearsalSubjects,
    steps: z.array(
      z
        .strictObject({
          rehearsal,
          outcome: z.enum(['passed', 'failed', 'skipped']),
          because: z.string().nullable().describe('why it was skipped, or how its job ended without a finding'),
          jobId: z.string().nullable(),
          figures: rehearsalFigures.nullable(),
          error: rehearsalError.nullable(),
        })
        .meta({ id: 'RehearsalStep' }),
    ),
  })
  .meta({ id: 'RehearsalReport' });
export type RehearsalReport = z.infer<typeof rehearsalReport>;

/** Detail of a `Rehearsal Completed` event. */
export const rehearsalCompleted = z
  .strictObject({ schemaVersion, rehearsalId, endedAt: instant, outcome, report: s3Uri })
  .meta({ id: 'RehearsalCompleted' });
export type RehearsalCompleted = z.infer<typeof rehearsalCompleted>;
