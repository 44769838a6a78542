import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Experiment } from '../../local/client/api-types.ts';
import { type FaultOperator, makeFaultOperator } from '../../local/drill/fault-operator.ts';
import { withStandIns } from '../../local/drill/images.ts';
import { IMAGES } from '../../local/tier/images.ts';
import { ROOT } from '../../local/tier/paths.ts';
import { Tier } from '../../local/tier/tier.ts';
import type { TierRecord } from '../../local/tier/tier-record.ts';
import { anExperiment } from './an-experiment.ts';
import { type Fixtures, writeFixtures } from './fixtures.ts';
import { addUsers, apiOf } from './users.ts';
import { whileDenied } from './while-denied.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tier: TierRecord;
    operator: FaultOperator;
    fixtures: Fixtures;
    outputs: Record<string, string>;
    /** An experiment that was stored and whose execution could not be started, as it was then. */
    unstarted: Experiment;
    /** Two that go all the way, started first since they take longest: two versions of one model. */
    started: { real: string; tiny: string };
  }
}

/** While the role is denied no execution can be started, so this comes before the tests. */
const storeUnstarted = async (tier: Tier, operator: FaultOperator, { tiny }: Fixtures): Promise<Experiment> => {
  const api = await apiOf(tier.record, 'acme');
  const spec = await anExperiment(api, tiny, { name: 'not-started' });
  return whileDenied(operator, 'CreateExperiment', 'states:StartExecution', async () =>
    api.experiment((await api.createExperiment(spec)).id),
  );
};

/** Some seconds of training: long enough for a checkpoint to rehearse with. */
const WITH_CHECKPOINT = { maxRows: 1000, epochs: 10 };

const start = async ({ record }: Tier, { real, tiny }: Fixtures): Promise<{ real: string; tiny: string }> => {
  const api = await apiOf(record, 'acme');
  const idOf = async (spec: Promise<unknown>): Promise<string> => (await api.createExperiment(await spec)).id;
  return {
    real: await idOf(anExperiment(api, real, { name: 'real' })),
    tiny: await idOf(anExperiment(api, tiny, { name: 'tiny', train: WITH_CHECKPOINT })),
  };
};

/** The optimization image with a broken exporter for experiments of one name: see images/faulty-export. */
const withFaultyExport = () => {
  const optimization = IMAGES.images['spotforge/optimization'];
  if (!optimization) throw new Error('no optimization image');
  const pythonPath = [join(ROOT, 'test/e2e/images/faulty-export'), ...optimization.pythonPath];
  return { images: { ...IMAGES.images, 'spotforge/optimization': { ...optimization, pythonPath } } };
};

/** One tier for all end-to-end tests, with a state of its own so that a demo may run beside it. */
export default async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const tier = await Tier.start({ name: 'test', images: withStandIns(withFaultyExport()), jobs: 3 });
  const stop = () => tier.stop();
  process.once('exit', () => void stop());
  try {
    const root = { accessKeyId: tier.memory.rootAccessKeyId, secretAccessKey: tier.memory.rootSecretAccessKey };
    await addUsers(tier, root);
    provide('tier', tier.record);
    provide('outputs', tier.outputs);
    const operator = await makeFaultOperator(tier.record, root);
    const fixtures = await writeFixtures();
    provide('operator', operator);
    provide('fixtures', fixtures);
    provide('started', await start(tier, fixtures));
    provide('unstarted', await storeUnstarted(tier, operator, fixtures));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
};
