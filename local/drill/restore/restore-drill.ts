/**
 * `npm run drill -- restore`: experiments run to bundles, the table and the releases bucket are lost, both are restored as docs/runbook.md
 * says, and every experiment and bundle has to be there again. On a local tier of its own, with the second region.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { tierFolder } from '../../tier/paths.ts';
import { startTicker } from '../../tier/ticker.ts';
import { Tier } from '../../tier/tier.ts';
import { TierFailure } from '../../tier/tier-failure.ts';
import { runningTier } from '../../tier/tier-record.ts';
import { writeDebugModel } from '../debug-model.ts';
import { deployRestored, goOn, verify } from './afterwards.ts';
import { beforeTheLoss } from './before-the-loss.ts';
import { writeConfiguration } from './configuration.ts';
import { loseBucket, loseTable } from './lose.ts';
import { RestoreGround, type Stores } from './restore-ground.ts';
import { keepReport, lineOf, type RestoreReport, reportOf } from './restore-report.ts';
import { theRestore } from './the-restore.ts';

export const RESTORE = 'restore';
const NAME = 'drill-restore';
/** As the other drills: one more than this machine has cores. */
const JOBS = 3;

const theLoss = async ({ steps, dynamodb, s3 }: RestoreGround, { table, releases }: Stores): Promise<void> => {
  await steps.step('loss of the table', async () => {
    await loseTable(dynamodb, table);
    return `${table} is deleted`;
  });
  await steps.step('loss of the releases', async () => {
    const versions = await loseBucket(s3, releases);
    return `${releases} is deleted with its ${versions} versions, past the lock`;
  });
};

const run = async (ground: RestoreGround): Promise<RestoreReport> => {
  const { TableName: table = '', ReleasesBucket: releases = '', ReleasesReplica: replica = '' } = ground.tier.outputs;
  const stores = { table, releases, replica };
  const { remembered, items } = await beforeTheLoss(ground, stores);
  const lostAt = performance.now();
  await theLoss(ground, stores);
  const restored = await theRestore(ground, stores, items);
  await deployRestored(ground, restored);
  await verify(ground, remembered);
  const restoreSeconds = Math.round((performance.now() - lostAt) / 1000);
  await goOn(ground, remembered, releases);
  return reportOf(ground.steps.done, Math.round(performance.now() / 6_000) / 10, restoreSeconds);
};

/** Runs the drill from nothing to its report. */
export const drillRestore = async (signal: AbortSignal): Promise<void> => {
  const folder = tierFolder(NAME);
  if (runningTier(folder)) throw new TierFailure('A restore drill is under way: wait for its end, or stop it.');
  rmSync(folder, { recursive: true, force: true }); // what an earlier one restored is not what is lost now
  const ticker = startTicker();
  const says = (what: string): void => ticker.doing(`local tier: ${what}`);
  try {
    const tier = await Tier.start({ name: NAME, configuration: writeConfiguration(folder, {}), jobs: JOBS, says, signal });
    try {
      const start = writeDebugModel(join(folder, 'debug-model'));
      const report = await run(new RestoreGround({ tier, folder, start, signal }, ticker));
      ticker.stop();
      signal.throwIfAborted();
      keepReport(report);
      console.log(`\n${lineOf(report)}`);
      if (!report.pass) process.exitCode = 1;
    } finally {
      await tier.stop();
    }
  } catch (error) {
    if (signal.aborted) throw new TierFailure('interrupted.');
    throw error;
  } finally {
    ticker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
