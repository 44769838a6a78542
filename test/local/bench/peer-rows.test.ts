import { describe, expect, it } from 'vitest';
import { linesOfPeers, peerRows } from '../../../local/bench/peer-rows.ts';

const row = { subject: 'ours', peer: 'theirs', metric: 'speed', value: 1.8, unit: 'x', target: 1.7, pass: true };

describe('rows of a bench against peers', () => {
  it('say what passed, what failed and what was not measured', () => {
    const rows = peerRows([row, { ...row, value: 1.2, pass: false }, { ...row, value: null, pass: null }]);
    expect(linesOfPeers(rows)).toEqual([
      'pass  ours against theirs: speed: 1.8 x, target 1.7 x',
      'FAIL  ours against theirs: speed: 1.2 x, target 1.7 x',
      '  —   ours against theirs: speed: not measured, target 1.7 x',
    ]);
  });

  it('are refused with a field too many', () => {
    expect(() => peerRows([{ ...row, seconds: 3 }])).toThrow(/seconds/);
  });
});
