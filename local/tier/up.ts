import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command-line.ts';
import { tierFolder } from './paths.ts';
import { TierFailure } from './tier-failure.ts';
import { runningTier, type TierRecord } from './tier-record.ts';

const folder = tierFolder('local');

const startKeeper = async (): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'keeper.log');
  const output = openSync(log, 'w');
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts'), ...process.argv.slice(2)], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  const stopKeeper = (): void => void keeper.kill('SIGTERM');
  process.once('SIGINT', stopKeeper);
  await new Promise<void>((resolve, reject) => {
    keeper.on('message', (message: { ready?: boolean; says?: string }) => {
      if (message.says) console.log(`local tier: ${message.says} …`);
      if (message.ready) resolve();
    });
    keeper.once('exit', () =>
      reject(
        new TierFailure(
          readFileSync(log, 'utf8')
            .trim()
            .replace(/^spotforge: /, '') || 'The tier did not start.',
        ),
      ),
    );
  });
  process.off('SIGINT', stopKeeper);
  keeper.disconnect();
  keeper.unref();
};

const describe = (tier: TierRecord): string =>
  [
    'The local tier is up.',
    `  API       ${tier.apiUrl}`,
    `  AWS       ${tier.endpoint}   (region ${tier.region})`,
    `  sign in   user ${tier.username}, password in .spotforge/local/tier.json, client ${tier.userPoolClientId}`,
    '  next      npm run demo · npm run local:down',
  ].join('\n');

await runCommand(async () => {
  if (!runningTier(folder)) await startKeeper();
  const tier = runningTier(folder);
  if (!tier) throw new TierFailure('The tier started and is gone again: see .spotforge/local/*.log');
  console.log(describe(tier));
});
