import { decideFailure, type FailureDecision, type FailureQuestion } from '../../../functions/stages/stage-failure.ts';
import { jobThatEnded } from './batch-failure.ts';

const NO_RESULT: FailureQuestion['result'] = { verdict: 'unusable', because: 'it left no result.json' };

/** What follows when the first attempt of three ends as the fixture says, without a result. */
export const decideFixture = (name: string, changes: Partial<FailureQuestion> = {}): FailureDecision =>
  decideFailure({
    status: 'running',
    job: jobThatEnded(name),
    result: NO_RESULT,
    earlier: [],
    maxAttempts: 3,
    rungs: 3,
    ...changes,
  });
