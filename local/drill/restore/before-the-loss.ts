import { setTimeout as sleep } from 'node:timers/promises';
import { apiOfTier } from '../../client/tier-api.ts';
import { emptyBucket } from '../../lifecycle/empty-bucket.ts';
import { isCheckpointed } from '../checkpointed.ts';
import { debugSpec, uploadStart } from '../debug-experiment.ts';
import { type Remembered, remember } from './remembered.ts';
import type { Before, RestoreGround, Stores } from './restore-ground.ts';
import { must } from './steps.ts';
import { itemsOf } from './stored-items.ts';
import { EXPORT_FILLS, exportTable } from './table-export.ts';

const POLL_MS = 300;

/** Fills the deployment, and looks that what the restore will need is there. */
export const beforeTheLoss = async (ground: RestoreGround, stores: Stores): Promise<Before> => {
  const { tier, folder, start, steps, signal, dynamodb, s3 } = ground;
  const { table, releases, replica } = stores;
  const remembered: Remembered[] = [];
  const before: Before = { remembered, items: new Map() };

  await steps.step('experiments', async () => {
    const api = await apiOfTier(tier.record);
    const uploads = await uploadStart(api, start);
    const submit = async (): Promise<string> => (await api.createExperiment(debugSpec(uploads, start, 'bundle', 3))).id;
    const cancelled = await submit();
    const ids = [await submit(), await submit(), cancelled];
    while (!(await isCheckpointed(api, cancelled))) await sleep(POLL_MS, undefined, { signal });
    await api.cancel(cancelled);
    const ends = await Promise.all(ids.map((id) => ground.end(api, id)));
    const statuses = ends.map(({ status }) => status).join(', ');
    must(statuses === 'succeeded, succeeded, cancelled', `they ended ${statuses}`);
    for (const id of ids) remembered.push(await remember(api, id, folder));
    return 'two ended in bundles, one was cancelled in training';
  });
  await steps.step('replica', async () => {
    const [own, copied] = await Promise.all([releases, replica].map((bucket) => ground.released(bucket)));
    must(own?.join() === copied?.join(), `${releases} has ${own?.length} objects, its replica ${copied?.length}`);
    return `all ${copied?.length} objects of the releases are in the second region`;
  });
  await steps.step('lock', async () => {
    const refused = await emptyBucket(s3, releases).then(
      () => false,
      () => true,
    );
    must(refused, 'the versions of a released bundle could be deleted');
    return `${await ground.locked(releases)} released objects are refused to whoever does not bypass governance`;
  });
  await steps.step(
    'export',
    async () => {
      const exported = await exportTable({ dynamodb, s3 }, table);
      before.items = await itemsOf(dynamodb, table);
      return `${exported} items, as the table is now`;
    },
    EXPORT_FILLS,
  );
  return before;
};
