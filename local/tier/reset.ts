import { rmSync } from 'node:fs';
import { runCommand } from './command-line.ts';
import { tierFolder } from './paths.ts';
import { stopTier } from './stop-tier.ts';

await runCommand(async () => {
  await stopTier(tierFolder('local'));
  rmSync(tierFolder('local'), { recursive: true, force: true });
  console.log('The local tier is gone, with its experiments, data and uploads. Environment, dataset and base model are kept.');
});
