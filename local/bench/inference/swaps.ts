import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { LocalBundle } from '../../inference/local-bundles.ts';
import { TierFailure } from '../../tier/tier-failure.ts';
import { sendLoad } from './load.ts';
import { memoryOf } from './process-tree.ts';
import type { Instruments } from './round.ts';
import { type RunningServer, type Server, startServer } from './server-process.ts';

const SWAPS = 50;
const FIRST_MEMORY = 10;
const REQUESTS = 10_000;
/** Far below the peak, so that ten thousand requests last about as long as fifty swaps. */
const REQUESTS_A_SECOND = 70;
const MORE_REQUESTS = 1_000;
const CONNECTIONS = 4;
const SWAP_WITHIN_MS = 30_000;
const POLL_MS = 50;
/** By then the memory of the version before has been given back. */
const SETTLE_MS = 5_000;
/** Both versions are the same model: there is nothing to watch for. */
const WATCH_SECONDS = 1;

export type Swaps = { swaps: number; requests: number; lost: number; memoryAfter10: number; memoryAfter50: number };

/** The same bundle as the version after it: `bundle.json` is not among the files that its hash is over. */
export const nextVersion = ({ folder, bundle }: LocalBundle, bundles: string): number => {
  const version = bundle.version + 1;
  const to = join(bundles, String(version));
  rmSync(to, { recursive: true, force: true });
  cpSync(join(bundles, String(bundle.version)), to, { recursive: true });
  rmSync(join(to, 'bundle.json')); // it is linked to the original
  const document = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8')) as object;
  writeFileSync(join(to, 'bundle.json'), JSON.stringify({ ...document, version }));
  return version;
};

/** A candidate that is not warm yet is refused, and may be promoted a moment later. */
const NOT_YET = 409;

/** NaN while there is none. */
const activeVersion = async ({ base }: Pick<RunningServer, 'base'>): Promise<number> => {
  const answer = await fetch(`${base}/readyz`);
  return answer.ok ? ((await answer.json()) as { version: number }).version : Number.NaN;
};

const models = z.object({ versions: z.array(z.unknown()) });

/** How many versions a server holds. */
const versionsHeld = async ({ base }: Pick<RunningServer, 'base'>): Promise<number> =>
  models.parse(await (await fetch(`${base}/v1/models`)).json()).versions.length;

/** Speaks to the routes that change versions. */
const operator = ({ base }: RunningServer, token: string) => {
  const post = (version: number, what: 'load' | 'promote', body: object): Promise<Response> =>
    fetch(`${base}/v1/versions/${version}/${what}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const until = async (says: string, holds: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + SWAP_WITHIN_MS; Date.now() < end; await sleep(POLL_MS)) if (await holds()) return;
    throw new TierFailure(`The server did not ${says} within ${SWAP_WITHIN_MS / 1000} s.`);
  };
  const accepted = async (answer: Response, what: string): Promise<boolean> => {
    const said = await answer.text();
    if (!answer.ok && answer.status !== NOT_YET) throw new TierFailure(`${what} was answered with ${answer.status}: ${said}`);
    return answer.ok;
  };
  /** Loads a version beside the active one, promotes it when it is warm, and waits until it answers and the one before is let go: each swap loads anew. */
  return async (version: number): Promise<void> => {
    await until(`take version ${version}`, async () =>
      accepted(await post(version, 'load', { weight: 0, watchSeconds: WATCH_SECONDS }), `The load of version ${version}`),
    );
    await until(`warm up version ${version}`, async () =>
      accepted(await post(version, 'promote', {}), `The promotion of version ${version}`),
    );
    await until(`switch to version ${version}`, async () => (await activeVersion({ base })) === version);
    await until('let the version before go', async () => (await versionsHeld({ base })) === 1);
  };
};

/** Swaps between two versions fifty times while requests come; counts those that were not answered with 200. */
export const swapUnderLoad = async (
  server: Server,
  versions: readonly [number, number],
  token: string,
  { oha, bodies, says }: Pick<Instruments, 'oha' | 'bodies' | 'says'>,
): Promise<Swaps> => {
  const running = await startServer(server);
  const swapTo = operator(running, token);
  const found: Swaps = { swaps: 0, requests: 0, lost: 0, memoryAfter10: 0, memoryAfter50: 0 };
  const send = async (requests: number): Promise<void> => {
    const load = await sendLoad(oha, { url: running.url, bodies, connections: CONNECTIONS, requests, rate: REQUESTS_A_SECOND });
    found.requests += requests;
    found.lost += requests - load.answered;
  };
  const settledMemory = async (): Promise<number> => {
    await sleep(SETTLE_MS);
    return memoryOf(running.pid);
  };
  const swap = async (): Promise<void> => {
    let active = await activeVersion(running);
    for (let number = 1; number <= SWAPS; number++) {
      await swapTo(versions.find((version) => version !== active) ?? active);
      active = await activeVersion(running);
      found.swaps = number;
      if (number === FIRST_MEMORY) found.memoryAfter10 = await settledMemory();
      says(`${number} of ${SWAPS} swaps under load`);
    }
    found.memoryAfter50 = await settledMemory();
  };
  try {
    const sending = (async () => {
      await send(REQUESTS);
      while (found.swaps < SWAPS) await send(MORE_REQUESTS);
    })();
    await Promise.all([sending, swap()]);
    return found;
  } finally {
    await running.stop();
  }
};
