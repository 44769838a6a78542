/**
 * `npm run bench:interruption`: what interruptions cost the demo's model. Cancels it three times in training, then trains it for ten minutes
 * and more, reclaims the host once, and reads off what checkpoints cost. About a quarter of an hour.
 */
import type { Api } from '../client/api.ts';
import type { Experiment } from '../client/api-types.ts';
import { follow } from '../client/follow.ts';
import { apiOfTier } from '../client/tier-api.ts';
import { uploadFiles } from '../client/upload-files.ts';
import { interruptTraining } from '../demo/interrupt-training.ts';
import { DATA, demoSpec } from '../demo/recipe.ts';
import { borrowTier } from '../tier/borrow-tier.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { startTicker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import type { TierRecord } from '../tier/tier-record.ts';
import { atMost, type Figure, linesOf } from './interruption-figures.ts';

const CANCELS = 3;
/** More than ten minutes of training on two cores; less is refused below, since a share of little says little. */
const EPOCHS = 11;
const LEAST_TRAINING_SECONDS = 600;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
const ticker = startTicker();
const seconds = (milliseconds: number): number => Math.round(milliseconds / 10) / 100;

type Spec = ReturnType<typeof demoSpec>;

/** Submits and follows until `reached`; answers what is known then. */
const runUntil = async (api: Api, id: string, reached: (experiment: Experiment) => boolean): Promise<Experiment> => {
  for await (const experiment of follow(api, id, interrupted.signal)) {
    const { status, stage, progress } = experiment;
    ticker.doing(`${status}: ${progress ? `${progress.stage}, ${progress.message}` : (stage ?? 'waiting')}`);
    if (reached(experiment)) return experiment;
  }
  throw new TierFailure(interrupted.signal.aborted ? 'interrupted.' : `${id} was over before there was anything to measure.`);
};

const isTraining = ({ progress }: Experiment): boolean => progress?.stage === 'train' && progress.step > 0;

const cancelInTraining = async (api: Api, spec: Spec): Promise<{ answer: number; cancelled: number }> => {
  const { id } = await api.createExperiment(spec);
  await runUntil(api, id, isTraining);
  const askedAt = performance.now();
  await api.cancel(id);
  const answer = performance.now() - askedAt;
  await runUntil(api, id, ({ status }) => status === 'cancelled');
  return { answer: seconds(answer), cancelled: seconds(performance.now() - askedAt) };
};

const cancelFigures = async (api: Api, spec: Spec): Promise<Figure[]> => {
  const times: Awaited<ReturnType<typeof cancelInTraining>>[] = [];
  for (let i = 1; i <= CANCELS; i++) {
    times.push(await cancelInTraining(api, spec));
    ticker.says(`cancelled ${i} of ${CANCELS}`);
  }
  return [
    atMost('cancel: answer, slowest', Math.max(...times.map(({ answer }) => answer)), 's', 2),
    atMost('cancel: cancelled, slowest', Math.max(...times.map(({ cancelled }) => cancelled)), 's', 10),
  ];
};

const trainingFigures = async (api: Api, tier: TierRecord, spec: Spec): Promise<Figure[]> => {
  const { id } = await api.createExperiment({ ...spec, train: { ...spec.train, epochs: EPOCHS } });
  const interrupting = interruptTraining(api, tier, id, interrupted.signal);
  interrupting.catch(() => {}); // awaited below; why the experiment is over is the better news
  const { stages } = await runUntil(api, id, (experiment) => experiment.stages.train !== undefined);
  await api.cancel(id);
  const { train } = stages;
  const reclaim = await interrupting;
  if (!(train && reclaim)) throw new TierFailure(`${id} was not interrupted in training.`);
  if (train.trainingSeconds < LEAST_TRAINING_SECONDS) {
    throw new TierFailure(
      `${id} trained for ${train.trainingSeconds} s: the share of checkpoints wants ${LEAST_TRAINING_SECONDS}.`,
    );
  }
  ticker.says(`${train.checkpoints} checkpoints in ${train.trainingSeconds} s of training`);
  return [
    atMost('reclaim: steps done again', reclaim.lostSteps, 'steps', 0),
    atMost('reclaim: notice to exit, checkpoint committed', reclaim.exitSeconds ?? Number.NaN, 's', 20),
    atMost('reclaim: notice to new step, beyond start', reclaim.beyondStartSeconds ?? Number.NaN, 's', 15),
    atMost('checkpoints: blocked share of training', Math.round(train.checkpointBlockedShare * 1e4) / 100, '%', 1),
    atMost('checkpoints: longest interval', train.checkpointIntervalSeconds, 's', 300),
  ];
};

await runCommand(async () => {
  const tier = await borrowTier({
    name: 'local',
    says: (what) => ticker.doing(`local tier: ${what}`),
    signal: interrupted.signal,
  });
  try {
    const api = await apiOfTier(tier.record);
    const [dataset, base] = await Promise.all([uploadFiles(api, DATA.ratings), uploadFiles(api, DATA.baseModel)]);
    const spec = demoSpec(dataset, base);
    const figures = [...(await cancelFigures(api, spec)), ...(await trainingFigures(api, tier.record, spec))];
    ticker.stop();
    keepFigures('bench-interruption', figures);
    for (const line of linesOf(figures)) console.log(line);
    if (figures.some(({ pass }) => !pass)) process.exitCode = 1;
  } finally {
    ticker.stop();
    await tier.stop();
  }
});
if (interrupted.signal.aborted) process.exitCode = 130;
process.exit();
