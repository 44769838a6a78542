/**
 * `npm run bench:deploy`: how long it takes to deploy all stacks and to take them away again, and what stays of them: once with data that goes
 * with its deployment, once with data that is retained and found again.
 */
import { type Redeployment, redeploy } from '../lifecycle/redeployment.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { startTicker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { atMost, type Figure, linesOf } from './interruption-figures.ts';

const DEPLOY_SECONDS = 60;
const DESTROY_SECONDS = 30;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

const figuresOf = (data: string, { deploySeconds, destroySeconds, leftBehind, answered }: Redeployment): Figure[] => [
  atMost(
    `data ${data}: deploy of all stacks, slowest of ${deploySeconds.length}`,
    Math.max(...deploySeconds),
    's',
    DEPLOY_SECONDS,
  ),
  atMost(`data ${data}: destroy, slowest of ${destroySeconds.length}`, Math.max(...destroySeconds), 's', DESTROY_SECONDS),
  atMost(`data ${data}: left behind`, leftBehind.length, 'resources', 0),
  ...(answered === null ? [] : [atMost(`data ${data}: stored experiments not found again`, answered ? 0 : 1, 'of 1', 0)]),
];

await runCommand(async () => {
  const ticker = startTicker();
  try {
    const figures: Figure[] = [];
    for (const data of ['destroy', 'retain'] as const) {
      const says = (what: string): void => ticker.doing(`data ${data}: ${what}`);
      const done = await redeploy({ name: 'bench-deploy', data, says, signal: interrupted.signal });
      for (const each of done.leftBehind) ticker.says(`data ${data}: left behind: ${each}`);
      const retained = Object.entries(done.retained).map(([service, count]) => `${service} ${count}`);
      if (retained.length > 0) ticker.says(`data ${data}: retained, entries by service: ${retained.join(', ')}`);
      figures.push(...figuresOf(data, done));
    }
    ticker.stop();
    keepFigures('bench-deploy', figures);
    for (const line of linesOf(figures)) console.log(line);
    if (figures.some(({ pass }) => !pass)) process.exitCode = 1;
  } catch (error) {
    if (interrupted.signal.aborted) throw new TierFailure('interrupted.');
    throw error;
  } finally {
    ticker.stop();
  }
});
if (interrupted.signal.aborted) process.exitCode = 130;
process.exit();
