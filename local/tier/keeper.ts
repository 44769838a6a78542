/** Keeps the tier of `local:up` running in the background until `local:down`, or until it has served its time. */
import { requestedPort, runCommand } from './command-line.ts';
import { Tier } from './tier.ts';

/** A forgotten tier ends by itself after a working day. */
const LIFETIME_MS = 10 * 3_600_000;

await runCommand(async () => {
  const tier = await Tier.start({ name: 'local', port: requestedPort(), says: (what) => process.send?.({ says: what }) });
  process.send?.({ ready: true });
  process.disconnect?.();
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    setTimeout(resolve, LIFETIME_MS);
    void tier.ended().then(resolve);
  });
  await tier.stop();
  process.exit(0);
});
