import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cpuMsOf, memoryIn, memoryOf, parseRollup, parseStat, treeOf } from '../../../../local/bench/inference/process-tree.ts';

const stat = (pid: number, parent: number, ticks = 1): { pid: number; parent: number; ticks: number } => ({ pid, parent, ticks });

describe('a line of /proc/PID/stat', () => {
  it('gives parent and processor time, of children that ended as well, whatever the name is', () => {
    const line = '42 (a) b (c d) S 7 42 42 0 -1 4194304 100 0 0 0 130 20 5 1 20 0 3 0 1000 1 1';
    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, ticks: 156 });
  });
});

describe('a process tree', () => {
  it('is the process and all below it, and no other', () => {
    const all = [stat(1, 0), stat(10, 1), stat(11, 10), stat(12, 11), stat(20, 1)];
    expect(treeOf(10, all).map(({ pid }) => pid)).toEqual([10, 11, 12]);
    expect(treeOf(99, all)).toEqual([]);
  });

  it('has of one process the resident set, and of several their shares of pages', () => {
    const rollup = 'Rss:                2000 kB\nPss:                1500 kB\nPss_Dirty: 3 kB\n';
    expect(memoryIn([rollup])).toBe(2_048_000);
    expect(memoryIn([rollup, rollup])).toBe(3_072_000);
    expect(parseRollup('', 'Pss')).toBe(0);
  });

  it('of a real process grows in time and holds memory, its children included', async () => {
    const program = 'node -e "const end = Date.now() + 20000; while (Date.now() < end);" & wait';
    const busy = spawn('sh', ['-c', program], { detached: true });
    try {
      const first = cpuMsOf(busy.pid ?? 0);
      await expect.poll(() => cpuMsOf(busy.pid ?? 0), { timeout: 15_000 }).toBeGreaterThan(first + 100);
      expect(memoryOf(busy.pid ?? 0)).toBeGreaterThan(5_000_000);
    } finally {
      process.kill(-(busy.pid ?? 0));
      await once(busy, 'close');
    }
  });
});
