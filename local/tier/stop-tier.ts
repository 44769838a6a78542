import { setTimeout as sleep } from 'node:timers/promises';
import { TierFailure } from './tier-failure.ts';
import { runningTier } from './tier-record.ts';

const STOP_MS = 30_000;

/** Asks a running tier's keeper to stop and waits until it has; false when none was running. */
export const stopTier = async (folder: string): Promise<boolean> => {
  const tier = runningTier(folder);
  if (!tier) return false;
  process.kill(tier.keeperPid, 'SIGTERM');
  for (let waited = 0; waited < STOP_MS; waited += 100) {
    if (!runningTier(folder)) return true;
    await sleep(100);
  }
  throw new TierFailure(`The tier (process ${tier.keeperPid}) did not stop within ${STOP_MS / 1000} s.`);
};
