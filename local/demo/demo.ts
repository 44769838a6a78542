/** `npm run demo`: one real dataset to one verified INT8 bundle, through the API, the state machine and the Batch jobs. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { downloadBundle } from '../client/download-bundle.ts';
import { apiOfTier } from '../client/tier-api.ts';
import { uploadFiles } from '../client/upload-files.ts';
import { borrowTier } from '../tier/borrow-tier.ts';
import { requestedPort, runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import type { TierRecord } from '../tier/tier-record.ts';
import { figuresOf } from './figures.ts';
import { interruptTraining } from './interrupt-training.ts';
import { DATA, demoSpec, EXAMPLE_TEXTS } from './recipe.ts';
import { scoreTexts } from './score-texts.ts';
import { failureOf, summaryOf } from './summary.ts';
import { watchStages } from './watch-stages.ts';

const setupSeconds = Number(process.env.SPOTFORGE_SETUP_SECONDS ?? 0);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
/** `--interrupt`: the host of training is reclaimed on the way. */
const interrupt = process.argv.includes('--interrupt');
const seconds = (): string => `${(performance.now() / 1000).toFixed(1).padStart(5)} s`;
const says = (what: string): void => console.log(`${seconds()}  ${what}`);

const submit = async (tier: TierRecord) => {
  const api = await apiOfTier(tier);
  const [dataset, base] = await Promise.all([uploadFiles(api, DATA.ratings), uploadFiles(api, DATA.baseModel)]);
  const sent = dataset.sentBytes + base.sentBytes;
  says(sent === 0 ? 'uploads are already there' : `uploaded ${(sent / 1e6).toFixed(0)} MB`);
  const postedAt = Date.now();
  const { id } = await api.createExperiment(demoSpec(dataset, base));
  says(`experiment ${id} submitted`);
  return { api, id, postedAt };
};

const demo = async (tier: TierRecord) => {
  const { api, id, postedAt } = await submit(tier);
  const interrupting = interrupt ? interruptTraining(api, tier, id, interrupted.signal) : Promise.resolve(undefined);
  interrupting.catch(() => {}); // awaited below; an experiment that fails is the better news to tell
  const experiment = await watchStages(api, id, interrupted.signal);
  if (interrupted.signal.aborted) {
    await api.cancel(id).catch(() => {}); // the tier is about to stop; a tier that was there before goes on without this experiment
    throw new TierFailure('interrupted.');
  }
  if (experiment.status !== 'succeeded') throw new TierFailure(failureOf(experiment));
  const folder = join(DOT, 'bundle');
  await downloadBundle(api, id, folder);
  const answer = await scoreTexts(folder, EXAMPLE_TEXTS);
  const interruption = await interrupting;
  if (interrupt && !interruption)
    throw new TierFailure('training was over before its first checkpoint: there was nothing to interrupt.');
  return { experiment, answer, postedAt, interruption };
};

await runCommand(async () => {
  const tier = await borrowTier({
    name: 'local',
    port: requestedPort(),
    says: (what) => says(`local tier: ${what}`),
    signal: interrupted.signal,
  });
  try {
    const { experiment, answer, postedAt, interruption } = await demo(tier.record);
    await tier.stop();
    const figures = figuresOf(experiment, { setupSeconds, wallSeconds: performance.now() / 1000, postedAt });
    keepFigures('demo', { ...figures, ...(interruption && { interruption }) });
    console.log(summaryOf(experiment, figures, answer, interruption));
  } finally {
    await tier.stop();
  }
});
if (interrupted.signal.aborted) process.exitCode = 130;
process.exit();
