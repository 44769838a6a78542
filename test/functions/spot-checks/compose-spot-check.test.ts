import { describe, expect, it } from 'vitest';
import { spotCheckReport } from '../../../functions/shared/contracts/spot-check.ts';
import { composeSpotCheck, type EndedSpotCheck } from '../../../functions/spot-checks/compose-spot-check.ts';
import { aCheckedBundle, aFinding, aJob } from './a-spot-check.ts';

const ended = (overrides: Partial<EndedSpotCheck> = {}): EndedSpotCheck => ({
  spotCheckId: 'night',
  startedAt: '2026-10-01T04:00:00.000Z',
  endedAt: '2026-10-01T04:06:00.000Z',
  notes: [],
  job: aJob,
  finding: aFinding('night'),
  ...overrides,
});
const verdict = (overrides: Partial<EndedSpotCheck>) => {
  const { outcome, because } = spotCheckReport.parse(composeSpotCheck(ended(overrides)));
  return { outcome, because };
};
const found = (...bundles: ReturnType<typeof aCheckedBundle>[]) => ({ finding: aFinding('night', bundles) });

describe('the report of a spot check', () => {
  it('says that every model held', () => {
    expect(verdict({})).toEqual({ outcome: 'held', because: '1 models answer as they did when they were released.' });
  });

  it.each(['drifted', 'altered'] as const)('names each model that %s, whatever became of the others', (outcome) => {
    const bundles = [aCheckedBundle('a'), aCheckedBundle('b', outcome), aCheckedBundle('c', 'unchecked')];
    expect(verdict(found(...bundles))).toEqual({
      outcome: 'drifted',
      because: `1 of 3 models are not as they were released: acme/b/3 ${outcome}.`,
    });
  });

  it('fails when a model could not be looked at and none drifted', () => {
    expect(verdict(found(aCheckedBundle('a'), aCheckedBundle('b', 'unchecked')))).toEqual({
      outcome: 'failed',
      because: '1 of 2 models could not be looked at: acme/b/3 unchecked.',
    });
  });

  it('fails with how the job ended when it left no finding', () => {
    const job = { jobId: 'job-1', status: 'FAILED', reason: 'Essential container exited' };
    expect(verdict({ finding: undefined, job })).toEqual({
      outcome: 'failed',
      because: 'Its job ended FAILED and left no finding; its log says more. Essential container exited',
    });
  });

  it('counts a finding although its job failed after it had written it', () => {
    expect(verdict({ job: { ...aJob, status: 'FAILED' } }).outcome).toBe('held');
  });

  it('has nothing to check when nothing was released', () => {
    expect(verdict({ job: null, finding: undefined })).toEqual({
      outcome: 'nothing-to-check',
      because: 'No model has been released.',
    });
  });
});
