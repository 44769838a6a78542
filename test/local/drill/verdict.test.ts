import { describe, expect, it } from 'vitest';
import { REFERENCE, type Row } from '../../../local/drill/matrix.ts';
import { withAgain } from '../../../local/drill/record.ts';
import { distinctRows, markdownOf, problemsOf, tableOf } from '../../../local/drill/report.ts';
import { broken, judge, type Seen } from '../../../local/drill/verdict.ts';

const row: Row = {
  ...REFERENCE,
  fault: 'host-lost',
  expected: { status: 'succeeded', errors: ['Stage.Interrupted'], resumed: false, sameWeights: true },
};
const seen: Seen = {
  experimentId: 'exp_01h455vb4pex5vsknk084sn02q',
  status: 'succeeded',
  errors: ['Stage.Interrupted'],
  resumedStatus: null,
  message: null,
  attempts: 2,
  weights: 'abc',
  lostSteps: 12,
  lostSeconds: 0.8,
  recoverySeconds: 7,
  restartSeconds: 1,
  beyondStartSeconds: 6,
  orphans: [],
  seconds: 30,
};

describe('the verdict on a row', () => {
  it('passes what ended as expected, with its figures', () => {
    expect(judge(row, seen, 'abc')).toMatchObject({
      pass: true,
      actual: 'succeeded after Interrupted, same weights',
      attempts: 2,
      lostSteps: 12,
      orphans: 0,
    });
  });

  it.each<[string, Partial<Seen>, RegExp]>([
    ['another end state', { status: 'failed', message: 'because' }, /ended failed after Interrupted \(because\)/],
    ['a resume that nobody asked for', { resumedStatus: 'succeeded' }, /resumed: succeeded/],
    ['another error', { errors: ['Stage.Failed'] }, /ended succeeded after Failed/],
    ['one attempt too many', { errors: ['Stage.Interrupted', 'Stage.Interrupted'] }, /Interrupted, Interrupted/],
    ['other weights', { weights: 'abd' }, /weights/],
    ['no weights', { weights: null }, /weights/],
    ['too much work lost', { lostSeconds: 60 }, /60 s of work/],
    ['a resume that is too slow', { beyondStartSeconds: 16 }, /16 s to the first new step/],
    ['a job left behind', { orphans: ['job x'] }, /left behind: job x/],
  ])('fails %s and says so', (_, change, problem) => {
    const report = judge(row, { ...seen, ...change }, 'abc');
    expect(report.pass).toBe(false);
    expect(report.problems.join('\n')).toMatch(problem);
  });

  it('does not take two runs without weights for equal', () => {
    expect(judge(row, { ...seen, weights: null }, null).pass).toBe(false);
  });
});

describe('the report', () => {
  const reports = [
    judge(row, seen, 'abc'),
    judge(row, { ...seen, orphans: ['job x'] }, 'abc'),
    broken(row, new Error('no | tier'), 3),
  ];

  it('is a table for the terminal, one line a row', () => {
    const lines = tableOf(reports).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^pass {2}host-lost {2}train {2}succeeded after Interrupted, same weights .* 12 .* 0$/);
    expect(lines[2]).toMatch(/^FAIL/);
  });

  it('counts pairs of fault and stage once', () => {
    expect(distinctRows(reports)).toBe(1);
  });

  it('names the experiment and the reasons of each row that failed', () => {
    expect(problemsOf(reports)).toEqual([
      expect.stringMatching(/^host-lost\/train, exp_.*: expected succeeded after Interrupted, same weights; left behind: job x$/),
      expect.stringMatching(/no \| tier$/),
    ]);
  });

  it('is a page with date, commit and a table that a pipe does not break', () => {
    const page = markdownOf(
      reports.map((report) => ({ ...report, commit: 'abc1234', date: '2026-11-22' })),
      40,
    );
    expect(page).toContain('run at commit abc1234 on 2026-11-22;');
    expect(page).toContain('**1 of 3 drills passed**');
    expect(page).toContain('in 40 minutes');
    expect(page).toContain('no \\| tier');
  });

  it('replaces rows that were run again, in their places, and says so', () => {
    const whole = [...reports, { ...broken(row, new Error('again'), 3), fault: 'spot-reclaim' }].map((report) => ({
      ...report,
      commit: 'abc1234',
      date: '2026-11-22',
    }));
    const again = [{ ...judge(row, seen, 'abc'), fault: 'spot-reclaim', commit: 'def5678', date: '2026-11-23' }];
    const merged = withAgain(whole, again);
    expect(merged.map(({ commit }) => commit)).toEqual(['abc1234', 'abc1234', 'abc1234', 'def5678']);
    expect(markdownOf(merged, 40)).toContain(
      'at commit abc1234 on 2026-11-22; spot-reclaim/train again at commit def5678 on 2026-11-23;',
    );
  });
});
