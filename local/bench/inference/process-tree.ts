import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second, whatever its kernel ticks by. */
const MS_PER_TICK = 10;

/** `ticks` are of the process and of the children that it has waited for. */
export type Stat = { pid: number; parent: number; ticks: number };

/** A line of `/proc/PID/stat`; the name, in parentheses, may hold anything. */
export const parseStat = (line: string): Stat => {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]); // numbered as in proc(5)
  return { pid: Number.parseInt(line, 10), parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
};

/** A process and all below it. */
export const treeOf = (root: number, all: readonly Stat[]): Stat[] => {
  const own = all.filter(({ pid }) => pid === root);
  return [...own, ...all.filter(({ parent }) => parent === root).flatMap(({ pid }) => treeOf(pid, all))];
};

/** A figure of `/proc/PID/smaps_rollup`, in bytes: `Rss`, or `Pss`, in which a page that n processes share counts an n-th. */
export const parseRollup = (rollup: string, figure: 'Rss' | 'Pss'): number =>
  1024 * Number(new RegExp(`^${figure}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0);

/**
 * What a tree would hold on a host of its own, from the rollups of its processes: a lone process its whole resident set, whoever shares its pages here;
 * of several the sum of their shares, which is rather too little.
 */
export const memoryIn = (rollups: readonly string[]): number => {
  const sum = (figure: 'Rss' | 'Pss'): number => rollups.reduce((total, rollup) => total + parseRollup(rollup, figure), 0);
  return rollups.length === 1 ? sum('Rss') : sum('Pss');
};

const tree = (root: number): Stat[] => {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const line = read(`/proc/${pid}/stat`);
      return line === undefined ? [] : [parseStat(line)];
    });
  return treeOf(root, stats);
};

/** Undefined when the process has just ended. */
const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Processor time of a process and all below it since they started, in milliseconds. */
export const cpuMsOf = (root: number): number => MS_PER_TICK * tree(root).reduce((sum, { ticks }) => sum + ticks, 0);

/** Memory of a process and all below it, in bytes: see `memoryIn`. */
export const memoryOf = (root: number): number =>
  memoryIn(tree(root).flatMap(({ pid }) => read(`/proc/${pid}/smaps_rollup`) ?? []));
