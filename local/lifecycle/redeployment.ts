import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isFinal } from '../../functions/shared/contracts/experiment-view.ts';
import type { DeploymentInput } from '../../lib/config/deployment.ts';
import type { Experiment } from '../client/api-types.ts';
import { follow } from '../client/follow.ts';
import { apiOfTier } from '../client/tier-api.ts';
import { debugSpec, uploadStart } from '../drill/debug-experiment.ts';
import { writeDebugModel } from '../drill/debug-model.ts';
import { withStandIns } from '../drill/images.ts';
import { type Assembly, synthesise } from '../tier/assembly.ts';
import { IMAGES } from '../tier/images.ts';
import { tierFolder } from '../tier/paths.ts';
import { Tier } from '../tier/tier.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { existingStorage } from './existing-storage.ts';
import { keptState } from './kept-state.ts';

type DataPolicy = DeploymentInput['data'] & string;

export type Redeployment = {
  deploySeconds: number[];
  destroySeconds: number[];
  /** What the account still had after each time it was taken away, and should not. */
  leftBehind: string[];
  /** How much of what may stay stayed, by service. */
  retained: Record<string, number>;
  /** Whether the experiment that was stored before is answered as it was; null where nothing of it should be there. */
  answered: boolean | null;
};

/** Services whose resources a deployment keeps when its data is retained: buckets and what is in them, table, users, images, backups. */
const RETAINED = /^(s3|dynamodb|cognito|ecr|backup) /;

export type Course = { name: string; data: DataPolicy; says: (what: string) => void; signal: AbortSignal };

/**
 * Deploys on a tier of its own, stores an experiment, takes everything away, deploys again over what was retained, asks for the experiment, and
 * takes everything away again.
 */
export const redeploy = async ({ name, data, says, signal }: Course): Promise<Redeployment> => {
  const folder = tierFolder(name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const configured = async (file: string, content: DeploymentInput): Promise<{ configuration: string; assembly: Assembly }> => {
    const configuration = join(folder, `${file}.json`);
    writeFileSync(configuration, JSON.stringify(content));
    return { configuration, assembly: await synthesise({ home: join(folder, file), configuration }) };
  };
  const result: Redeployment = { deploySeconds: [], destroySeconds: [], leftBehind: [], retained: {}, answered: null };

  says('synthesising');
  const first = await configured('first', { data });
  const tier = await Tier.startUndeployed({ name, images: withStandIns(IMAGES), jobs: 2 });
  try {
    const deploy = async (assembly: Assembly): Promise<void> => {
      says('deploying');
      result.deploySeconds.push(await timed(() => tier.deploy(assembly, signal)));
    };
    const takeDown = async (assembly: Assembly): Promise<void> => {
      says('taking it away');
      result.destroySeconds.push(await timed(() => tier.takeDown(assembly, signal)));
      says('looking what is left');
      await tier.restart('everything'); // a clean stop saves what there is
      const kept = [...keptState(folder)];
      const mayStay = (each: string): boolean => data === 'retain' && RETAINED.test(each);
      result.leftBehind.push(...kept.filter((each) => !mayStay(each)));
      result.retained = countByService(kept.filter(mayStay));
    };

    await deploy(first.assembly);
    says('storing an experiment');
    const stored = await storeExperiment(tier, join(folder, 'debug-model'), signal);
    const existing = data === 'retain' ? await existingStorage(tier.root, tier.outputs) : undefined;
    await takeDown(first.assembly);

    const second = existing ? await configured('second', { data, existing }) : first;
    await deploy(second.assembly);
    if (existing) {
      says('asking for the experiment');
      result.answered = isDeepStrictEqual(await (await apiOfTier(tier.record)).experiment(stored.id), stored);
    }
    await takeDown(second.assembly);
  } finally {
    await tier.stop();
  }
  return result;
};

/** Two stages and stand-ins for the others: an experiment with a bundle, in the time that two stages take. */
const storeExperiment = async (tier: Tier, folder: string, signal: AbortSignal): Promise<Experiment> => {
  const api = await apiOfTier(tier.record);
  const start = writeDebugModel(folder);
  const { id } = await api.createExperiment(debugSpec(await uploadStart(api, start), start, 'prepare', 3));
  for await (const experiment of follow(api, id, signal)) {
    if (experiment.status === 'succeeded') return experiment;
    if (isFinal(experiment.status)) throw new TierFailure(`${id} ended ${experiment.status}: ${experiment.failure?.message}`);
  }
  throw new TierFailure('interrupted.');
};

const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await act();
  return Math.round((performance.now() - started) / 100) / 10;
};

const countByService = (kept: readonly string[]): Record<string, number> => {
  const services = kept.map((each) => each.split(' ')[0] ?? '');
  return Object.fromEntries(
    [...new Set(services)].map((service) => [service, services.filter((each) => each === service).length]),
  );
};
