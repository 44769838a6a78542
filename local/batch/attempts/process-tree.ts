import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** /proc exists on Linux only; elsewhere a process group is all there is to find a job's processes by. */
export const hasProc = process.platform === 'linux';
const PAGE_BYTES = 4096;

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The process ended meanwhile.
    return '';
  }
}

/** The processes that this one started and that live. */
export function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number));
}

/** The process and all its descendants. A few small reads per process: cheap enough for four times a second. */
export function descendants(root: number): number[] {
  const found = [root];
  for (const pid of found) found.push(...childrenOf(pid));
  return found;
}

/** Resident bytes; pages shared between processes count in each. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES, 0);
}

/** Resident bytes with shared pages divided among their users, as a cgroup counts them; slower, so only to confirm. */
export function proportionalBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024, 0);
}

/**
 * Every process that carries this variable in its environment: what a container would hold together even when a process leaves
 * its group, its session and its parent.
 */
export async function processesWith(variable: string, value: string): Promise<number[]> {
  if (!hasProc) return [];
  const marker = `${variable}=${value}`;
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const carrying = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return environment.split('\0').includes(marker);
    }),
  );
  return pids.filter((_, index) => carrying[index]);
}
