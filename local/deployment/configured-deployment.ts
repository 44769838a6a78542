import { join, resolve } from 'node:path';
import { assertConsistent } from '../../lib/config/consistency.ts';
import { DELIVERY_STAGES } from '../../lib/config/delivery-stages.ts';
import type { Deployment } from '../../lib/config/deployment.ts';
import { DeploymentError } from '../../lib/config/deployment-error.ts';
import { loadConfigured } from '../../lib/config/load-deployment.ts';
import { ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';

/** `file` is undefined for the default configuration. */
export type ConfiguredDeployment = { file: string | undefined; deployment: Deployment };

export type Choice = { config?: string | undefined; stage?: string | undefined };

/**
 * The deployment that a command is about: `--stage prod` is the committed config/prod.json, `--config FILE` any other, found from where the user
 * called npm; neither is the default one.
 * @throws TierFailure naming every field that is wrong
 */
export const configuredDeployment = ({ config, stage }: Choice): ConfiguredDeployment => {
  const file = fileOf({ config, stage });
  try {
    const deployment = loadConfigured(stage === undefined ? { config: file } : { stage });
    assertConsistent(deployment);
    return { file, deployment };
  } catch (error) {
    if (error instanceof DeploymentError) throw new TierFailure(error.message);
    throw error;
  }
};

const fileOf = ({ config, stage }: Choice): string | undefined => {
  if (config !== undefined && stage !== undefined) {
    throw new TierFailure(`--stage ${stage} and --config ${config} each name a whole configuration. Give one of the two.`);
  }
  if (stage === undefined) return config === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', config);
  if (DELIVERY_STAGES.some((each) => each === stage)) return join(ROOT, 'config', `${stage}.json`);
  throw new TierFailure(
    `There is no delivery stage ${stage}, only ${DELIVERY_STAGES.join(', ')}. --config FILE takes any other configuration.`,
  );
};
