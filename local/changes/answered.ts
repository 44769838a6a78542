import { failureOf } from '../deployment/call-failure.ts';
import { TierFailure } from '../tier/tier-failure.ts';

/**
 * Half a comparison would look like a whole one, so the first question that AWS does not answer ends the command.
 * @throws TierFailure with AWS's own words; defects of ours pass as they are
 */
export const answered = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
  try {
    return await asked;
  } catch (error) {
    const { kind, reason } = failureOf(error);
    if (kind === 'other' && !(error instanceof Error && '$metadata' in error)) throw error;
    throw new TierFailure(`AWS did not answer, so the comparison would have a hole (${reason}). Mend that and run this again.`);
  }
};
