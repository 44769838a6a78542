import { resolve } from 'node:path';
import { assertConsistent } from '../../lib/config/consistency.ts';
import type { Deployment } from '../../lib/config/deployment.ts';
import { DeploymentError } from '../../lib/config/deployment-error.ts';
import { loadDeployment } from '../../lib/config/load-deployment.ts';
import { TierFailure } from '../tier/tier-failure.ts';

export type ConfiguredDeployment = { file: string | undefined; deployment: Deployment };

/**
 * The deployment that `--config` names, found from where the user called npm; without it the default one.
 * @throws TierFailure naming every field that is wrong
 */
export const configuredDeployment = (config: string | undefined): ConfiguredDeployment => {
  const file = config === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', config);
  try {
    const deployment = loadDeployment(file);
    assertConsistent(deployment);
    return { file, deployment };
  } catch (error) {
    if (error instanceof DeploymentError) throw new TierFailure(error.message);
    throw error;
  }
};
