import { join } from 'node:path';
import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { apiOfTier } from '../../client/tier-api.ts';
import { synthesise } from '../../tier/assembly.ts';
import { deployExclusively } from '../../tier/deploy.ts';
import { DEPLOYMENT } from '../../tier/deployment-name.ts';
import { toolEnvironmentOf } from '../../tier/tier-services.ts';
import { debugSpec, uploadStart } from '../debug-experiment.ts';
import { writeConfiguration } from './configuration.ts';
import { differences, type Remembered, remember } from './remembered.ts';
import type { Restored, RestoreGround } from './restore-ground.ts';
import { must } from './steps.ts';
import { subscribe } from './subscriber.ts';

/** What reads table and buckets. They leave the lost ones before the storage stack forgets them. */
const USERS = ['pipeline', 'api', 'rehearsal'].map((stack) => `${DEPLOYMENT}-${stack}`);

/** Deploys what was restored, in the two steps of docs/runbook.md. */
export const deployRestored = async (ground: RestoreGround, { table, releases }: Restored): Promise<void> => {
  const { tier, folder, steps, signal, s3 } = ground;
  await steps.step('deployment', async () => {
    const home = join(folder, 'restored');
    const configuration = writeConfiguration(home, { table, buckets: { releases } });
    const assembly = await synthesise({ home, configuration });
    await deployExclusively(USERS, { assembly, account: tier.root, env: toolEnvironmentOf(tier.memory), signal });
    await tier.deploy(assembly, signal);
    const { TableName, ReleasesBucket } = tier.outputs;
    must(TableName === table.name && ReleasesBucket === releases, `the stacks name ${TableName} and ${ReleasesBucket}`);
    const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket: releases }));
    must(Policy?.includes('WriteOnce') === true, `${releases} may be overwritten now`);
    return `the stacks use ${table.name} and ${releases}, which is written once as before`;
  });
};

/** Every experiment answers as before, and every bundle is downloaded and verified file by file. */
export const verify = async ({ tier, folder, steps }: RestoreGround, before: readonly Remembered[]): Promise<void> => {
  await steps.step('verification', async () => {
    const api = await apiOfTier(tier.record);
    const problems: string[] = [];
    for (const each of before) problems.push(...differences(each, await remember(api, each.experiment.id, folder)));
    must(problems.length === 0, problems.join('; '));
    const listed = (await api.experiments()).items.length;
    must(listed === before.length, `the API lists ${listed} experiments instead of ${before.length}`);
    const bundles = before.filter(({ bundleSha256 }) => bundleSha256 !== null).length;
    return `${listed} of ${before.length} experiments answer as before, ${bundles} of ${bundles} bundles verify file by file`;
  });
};

/** A cancelled experiment is resumed and a new one is run, and both release what comes next. */
export const goOn = async (ground: RestoreGround, before: readonly Remembered[], releases: string): Promise<void> => {
  const { tier, start, steps } = ground;
  await steps.step('what comes after', async () => {
    const api = await apiOfTier(tier.record);
    const hears = await subscribe(tier.root);
    const cancelled = before.find(({ experiment }) => experiment.status === 'cancelled')?.experiment.id ?? '';
    await api.resume(cancelled);
    const uploads = await uploadStart(api, start);
    const { id } = await api.createExperiment(debugSpec(uploads, start, 'bundle', 3));
    const ends = await Promise.all([cancelled, id].map((each) => ground.end(api, each)));
    const failed = ends.find(({ status }) => status !== 'succeeded');
    must(failed === undefined, `${failed?.id} ended ${failed?.status} in ${failed?.failure?.stage}: ${failed?.failure?.message}`);
    const from = ends[0]?.stages.train?.resumedFromStep ?? 0;
    must(from > 0, 'the resumed training began again instead of at its checkpoint');
    const versions = ends.map(({ bundle }) => bundle?.version).sort();
    must(versions.join() === '3,4', `they released versions ${versions.join(' and ')}, after 1 and 2`);
    must(await hears(id), 'nobody heard of the new experiment: its changes are not published');
    const [released, locked] = [(await ground.released(releases)).length, await ground.locked(releases)];
    must(locked === released, `${released - locked} of ${released} released objects are not locked`);
    return `the cancelled one went on at step ${from} and a new one succeeded: versions 3 and 4, locked; subscribers hear of changes`;
  });
};
