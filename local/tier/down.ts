import { runCommand } from './command-line.ts';
import { tierFolder } from './paths.ts';
import { stopTier } from './stop-tier.ts';

await runCommand(async () => {
  console.log((await stopTier(tierFolder('local'))) ? 'The local tier is down; its state is kept.' : 'No local tier is running.');
});
