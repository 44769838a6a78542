import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type FaultOperator, makeFaultOperator } from '../../local/drill/fault-operator.ts';
import { withStandIns } from '../../local/drill/images.ts';
import { IMAGES } from '../../local/tier/images.ts';
import { ROOT } from '../../local/tier/paths.ts';
import { Tier } from '../../local/tier/tier.ts';
import type { TierRecord } from '../../local/tier/tier-record.ts';
import { type Fixtures, writeFixtures } from './fixtures.ts';
import { addUsers } from './users.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tier: TierRecord;
    operator: FaultOperator;
    fixtures: Fixtures;
    outputs: Record<string, string>;
  }
}

/** The optimization image with a broken exporter for experiments of one name: see images/faulty-export. */
const withFaultyExport = () => {
  const optimization = IMAGES.images['spotforge/optimization'];
  if (!optimization) throw new Error('no optimization image');
  const pythonPath = [join(ROOT, 'test/e2e/images/faulty-export'), ...optimization.pythonPath];
  return { images: { ...IMAGES.images, 'spotforge/optimization': { ...optimization, pythonPath } } };
};

/** One tier for all end-to-end tests, with a state of its own so that a demo may run beside it. */
export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const tier = await Tier.start({ name: 'test', images: withStandIns(withFaultyExport()) });
  const stop = () => tier.stop();
  process.once('exit', () => void stop());
  try {
    const root = { accessKeyId: tier.memory.rootAccessKeyId, secretAccessKey: tier.memory.rootSecretAccessKey };
    await addUsers(tier, root);
    provide('tier', tier.record);
    provide('outputs', tier.outputs);
    provide('operator', await makeFaultOperator(tier.record, root));
    provide('fixtures', await writeFixtures());
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
};
