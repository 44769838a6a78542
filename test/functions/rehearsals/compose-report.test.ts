import { describe, expect, it } from 'vitest';
import { composeReport } from '../../../functions/rehearsals/compose-report.ts';
import { REHEARSALS } from '../../../functions/shared/contracts/names.ts';
import { rehearsalReport } from '../../../functions/shared/contracts/rehearsal.ts';
import { aFailedFinding, aFinding, anEndedJob, anEndedRehearsal } from './a-rehearsal.ts';

const NOTHING = REHEARSALS.map((rehearsal) => ({ rehearsal, because: 'nothing there' }));

describe('the report of a rehearsal', () => {
  it('passes when every rehearsal did, and keeps its contract', () => {
    const report = composeReport(anEndedRehearsal());
    expect(rehearsalReport.parse(report)).toEqual(report);
    expect(report.outcome).toBe('passed');
    expect(report.steps.map(({ rehearsal, outcome }) => [rehearsal, outcome])).toEqual(
      REHEARSALS.map((name) => [name, 'passed']),
    );
  });

  it('fails when one did, and says of each how it went', () => {
    const report = composeReport(
      anEndedRehearsal({
        jobs: [anEndedJob('restore'), anEndedJob('rollback', 'FAILED', 'exited'), anEndedJob('upgrade')],
        findings: {
          restore: aFinding('restore', 'r1'),
          rollback: aFailedFinding('rollback', 'r1', 'INT8 is far away'),
          upgrade: aFinding('upgrade', 'r1'),
        },
      }),
    );
    expect(report.outcome).toBe('failed');
    expect(report.steps[1]).toMatchObject({ outcome: 'failed', error: { message: 'INT8 is far away' }, jobId: 'job-rollback' });
  });

  it('fails a job that ended without a finding, in words that lead to its log', () => {
    const jobs = [
      anEndedJob('restore', 'FAILED', 'OutOfMemoryError: Container killed'),
      anEndedJob('rollback'),
      anEndedJob('upgrade'),
    ];
    const [restore] = composeReport(anEndedRehearsal({ jobs, findings: {} })).steps;
    expect(restore).toMatchObject({ outcome: 'failed', because: expect.stringMatching(/OutOfMemoryError.*log/) });
  });

  it('does not believe a finding that passed when its job did not', () => {
    const jobs = [anEndedJob('restore', 'TIMED_OUT', 'ended after two hours'), anEndedJob('rollback'), anEndedJob('upgrade')];
    const report = composeReport(anEndedRehearsal({ jobs }));
    expect(report.outcome).toBe('failed');
    expect(report.steps[0]?.because).toMatch(/TIMED_OUT/);
  });

  it('fails a rehearsal that was neither skipped nor submitted', () => {
    expect(composeReport(anEndedRehearsal({ jobs: [] })).outcome).toBe('failed');
  });

  it('has nothing to rehearse when all were skipped, and passes when some were', () => {
    expect(composeReport(anEndedRehearsal({ skipped: NOTHING, jobs: [] })).outcome).toBe('nothing-to-rehearse');
    const some = composeReport(anEndedRehearsal({ skipped: NOTHING.slice(0, 1) }));
    expect(some.outcome).toBe('passed');
    expect(some.steps[0]).toMatchObject({ outcome: 'skipped', because: 'nothing there' });
  });
});
