import type * as z from 'zod';
import { REHEARSALS, type Rehearsal } from '../shared/contracts/names.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import type { RehearsalReport, RehearsalSubjects, rehearsalFinding } from '../shared/contracts/rehearsal.ts';

/** How a job ended, as the state machine saw it; `jobId` is null for one that Batch did not take. */
export type EndedJob = { rehearsal: Rehearsal; jobId: string | null; status: string; reason: string | null };
type Finding = z.infer<typeof rehearsalFinding>;

export type Ended = {
  rehearsalId: string;
  startedAt: string;
  endedAt: string;
  interruption: string;
  subjects: RehearsalSubjects;
  skipped: readonly { rehearsal: Rehearsal; because: string }[];
  jobs: readonly EndedJob[];
  /** Those that were stored and are valid. */
  findings: Partial<Record<Rehearsal, Finding>>;
};

type Step = RehearsalReport['steps'][number];

/** A finding counts only with a job that ended as it says; a job without one has failed, whatever its status. */
const stepOf = (rehearsal: Rehearsal, { skipped, jobs, findings }: Ended): Step => {
  const skip = skipped.find((one) => one.rehearsal === rehearsal);
  const nothing = { rehearsal, jobId: null, figures: null, error: null };
  if (skip) return { ...nothing, outcome: 'skipped', because: skip.because };
  const job = jobs.find((one) => one.rehearsal === rehearsal);
  if (!job) return { ...nothing, outcome: 'failed', because: 'It was neither skipped nor submitted.' };
  const { jobId } = job;
  const finding = findings[rehearsal];
  const ended = `Its job ended ${job.status}${job.reason ? `: ${job.reason}` : '.'}`;
  if (!finding) return { ...nothing, jobId, outcome: 'failed', because: `${ended} It left no finding; its log says more.` };
  const { figures, error } = finding;
  if (finding.outcome === 'passed' && job.status !== 'SUCCEEDED')
    return { rehearsal, jobId, figures, error, outcome: 'failed', because: ended };
  return { rehearsal, jobId, figures, error, outcome: finding.outcome, because: null };
};

const outcomeOf = (steps: readonly Step[]): RehearsalReport['outcome'] => {
  if (steps.some(({ outcome }) => outcome === 'failed')) return 'failed';
  return steps.some(({ outcome }) => outcome === 'passed') ? 'passed' : 'nothing-to-rehearse';
};

/** The whole rehearsal as one document: one step for everything that is ever rehearsed, skipped ones included. */
export const composeReport = (ended: Ended): RehearsalReport => {
  const steps = REHEARSALS.map((rehearsal) => stepOf(rehearsal, ended));
  const { rehearsalId, startedAt, endedAt, interruption, subjects } = ended;
  return {
    schemaVersion: SCHEMA_VERSION,
    rehearsalId,
    startedAt,
    endedAt,
    outcome: outcomeOf(steps),
    interruption,
    subjects,
    steps,
  };
};
