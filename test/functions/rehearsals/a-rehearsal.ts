import type { Ended } from '../../../functions/rehearsals/compose-report.ts';
import { REHEARSALS, type Rehearsal } from '../../../functions/shared/contracts/names.ts';
import type { RehearsalSubjects } from '../../../functions/shared/contracts/rehearsal.ts';

const AT = '2026-10-01T05:00:00.000Z';

export const SUBJECTS: RehearsalSubjects = {
  checkpoint: { experimentId: 'exp_01arz3ndektsv4rrffq69g5fav', directory: '27-r1-1' },
  newestBundle: 's3://releases-bucket/bundles/acme/sentiment/10/',
  previousBundle: 's3://releases-bucket/bundles/acme/sentiment/9/',
  notes: [],
};

export const aFinding = (rehearsal: Rehearsal, rehearsalId: string) => ({
  schemaVersion: 1 as const,
  rehearsalId,
  rehearsal,
  outcome: 'passed' as const,
  startedAt: AT,
  endedAt: AT,
  gitSha: 'unknown',
  imageDigest: 'sha256:0',
  figures: {},
  error: null,
});

export const aFailedFinding = (rehearsal: Rehearsal, rehearsalId: string, message: string) => ({
  ...aFinding(rehearsal, rehearsalId),
  outcome: 'failed' as const,
  figures: null,
  error: { message, where: null, remedy: null },
});

export const anEndedJob = (rehearsal: Rehearsal, status = 'SUCCEEDED', reason: string | null = null) => ({
  rehearsal,
  jobId: `job-${rehearsal}`,
  status,
  reason,
});

/** All three passed, unless said otherwise. */
export const anEndedRehearsal = (overrides: Partial<Ended> = {}): Ended => ({
  rehearsalId: 'r1',
  startedAt: AT,
  endedAt: AT,
  interruption: 'No spot host was reclaimed for this rehearsal.',
  subjects: SUBJECTS,
  skipped: [],
  jobs: REHEARSALS.map((rehearsal) => anEndedJob(rehearsal)),
  findings: Object.fromEntries(REHEARSALS.map((rehearsal) => [rehearsal, aFinding(rehearsal, 'r1')])),
  ...overrides,
});
