import { join } from 'node:path';
import { synthesise } from '../tier/assembly.ts';
import { DOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';

/**
 * The folder with the assembly of a configuration, as `cdk deploy` would send it; synthesised again only after a change.
 * @throws TierFailure with what the synthesis says against the configuration
 */
export const assemblyFor = async (configuration: string | undefined): Promise<string> => {
  try {
    return (await synthesise({ home: join(DOT, 'configured'), configuration })).folder;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    if (stderr.trim() === '') throw error;
    throw new TierFailure(`cdk synth refuses the configuration:\n${stderr.trim().split('\n').slice(-15).join('\n')}`);
  }
};
