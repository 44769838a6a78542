import type * as z from 'zod';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import type { SpotCheckFinding, SpotCheckReport, spotCheckJob } from '../shared/contracts/spot-check.ts';

export type EndedSpotCheck = {
  spotCheckId: string;
  startedAt: string;
  endedAt: string;
  notes: string[];
  /** Null when nothing was released, so that nothing was submitted. */
  job: z.infer<typeof spotCheckJob> | null;
  /** What the job left, if it is valid. */
  finding: SpotCheckFinding | undefined;
};

type Verdict = Pick<SpotCheckReport, 'outcome' | 'because'>;

const namesOf = (bundles: SpotCheckFinding['bundles']): string =>
  bundles.map(({ bundleUri, outcome }) => `${bundleUri.split('/').slice(-4, -1).join('/')} ${outcome}`).join(', ');

const verdictOf = ({ job, finding }: EndedSpotCheck): Verdict => {
  if (!job) return { outcome: 'nothing-to-check', because: 'No model has been released.' };
  if (!finding) {
    const ended = `Its job ended ${job.status} and left no finding; its log says more.`;
    return { outcome: 'failed', because: job.reason ? `${ended} ${job.reason}` : ended };
  }
  const notHeld = finding.bundles.filter(({ outcome }) => outcome !== 'held');
  const drifted = notHeld.filter(({ outcome }) => outcome === 'drifted' || outcome === 'altered');
  const of = `of ${finding.bundles.length} models`;
  if (drifted.length > 0)
    return { outcome: 'drifted', because: `${drifted.length} ${of} are not as they were released: ${namesOf(drifted)}.` };
  if (notHeld.length > 0)
    return { outcome: 'failed', because: `${notHeld.length} ${of} could not be looked at: ${namesOf(notHeld)}.` };
  return { outcome: 'held', because: `${finding.bundles.length} models answer as they did when they were released.` };
};

/** The whole spot check as one document. A finding counts whatever became of its job: it is written last. */
export const composeSpotCheck = (ended: EndedSpotCheck): SpotCheckReport => {
  const { spotCheckId, startedAt, endedAt, notes, job, finding } = ended;
  return {
    schemaVersion: SCHEMA_VERSION,
    spotCheckId,
    startedAt,
    endedAt,
    ...verdictOf(ended),
    notes,
    job,
    finding: finding ?? null,
  };
};
