import { setTimeout as sleep } from 'node:timers/promises';
import { type Load, sendLoad } from './load.ts';
import { cpuMsOf, memoryOf } from './process-tree.ts';
import { type Server, startServer } from './server-process.ts';

export const CONCURRENCIES = [1, 4, 16, 64] as const;
/** An overload needs a free connection for every request that is due: twice what our queue holds, so that it can be full. */
const OVERLOAD_CONNECTIONS = 1024;
const OVERLOAD = 3;
const WARM_UP_SECONDS = 2;
/** What is still on its way when an overload ends is over by then. */
const SETTLE_MS = 1_000;

export type Cell = { concurrency: number; load: Load; cpuMs: number };
export type ServerRound = { readyMs: number; cells: Cell[]; memoryBytes: number; overload: Load };
/** By server. */
export type Round = Record<string, ServerRound>;

export type Instruments = { oha: string; bodies: string; cellSeconds: number; says: (what: string) => void };

/** Starts a server, loads it at every concurrency and beyond its peak, and stops it. */
export const measureServer = async (server: Server, { oha, bodies, cellSeconds, says }: Instruments): Promise<ServerRound> => {
  says('starting');
  const running = await startServer(server);
  const { url, pid } = running;
  try {
    says('warming up');
    await sendLoad(oha, { url, bodies, connections: 4, seconds: WARM_UP_SECONDS });
    const cells: Cell[] = [];
    for (const concurrency of CONCURRENCIES) {
      says(`${concurrency} at a time`);
      const before = cpuMsOf(pid);
      const load = await sendLoad(oha, { url, bodies, connections: concurrency, seconds: cellSeconds });
      cells.push({ concurrency, load, cpuMs: cpuMsOf(pid) - before });
    }
    const memoryBytes = memoryOf(pid);
    const peak = Math.max(...cells.map(({ load }) => load.answered / load.seconds));
    says(`${OVERLOAD} times its peak`);
    const overload = await sendLoad(oha, {
      url,
      bodies,
      connections: OVERLOAD_CONNECTIONS,
      seconds: cellSeconds,
      rate: OVERLOAD * peak,
    });
    await sleep(SETTLE_MS);
    return { readyMs: running.readyMs, cells, memoryBytes, overload };
  } finally {
    await running.stop();
  }
};
