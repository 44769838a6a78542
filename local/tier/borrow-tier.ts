import { tierFolder } from './paths.ts';
import { Tier, type TierOptions } from './tier.ts';
import { runningTier, type TierRecord } from './tier-record.ts';

export type BorrowedTier = { record: TierRecord; stop: () => Promise<void> };

/** The tier of that name that is up, which goes on afterwards, or else one of our own, which `stop` ends. */
export const borrowTier = async (options: TierOptions): Promise<BorrowedTier> => {
  const running = runningTier(tierFolder(options.name));
  if (running) {
    options.says?.('using the one that is up');
    return { record: running, stop: async () => {} };
  }
  const tier = await Tier.start(options);
  return { record: tier.record, stop: () => tier.stop() };
};
