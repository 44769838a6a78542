import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { migrateTable } from '../../../functions/shared/migrations/migrate-table.ts';
import { type AttachedTable, attachTable } from '../../restore/attach-table.ts';
import { copyBucket } from '../../restore/copy-bucket.ts';
import { DEPLOYMENT } from '../../tier/deployment-name.ts';
import type { Before, Restored, RestoreGround, Stores } from './restore-ground.ts';
import { must } from './steps.ts';
import { differentItems, itemsOf } from './stored-items.ts';
import { BACKUP_FILLS, restoreDeletedTable } from './system-backup.ts';
import { EXPORT_FILLS, importTable } from './table-export.ts';

const NAME = `${DEPLOYMENT}-restored`;

/** Table and bucket, as docs/runbook.md says; and on the way a table of an old layout is migrated. */
export const theRestore = async (ground: RestoreGround, lost: Stores, before: Before['items']): Promise<Restored> => {
  const { steps, dynamodb, s3, tier } = ground;
  let table: AttachedTable = { name: NAME, streamArn: '' };
  const same = async (restored: string): Promise<string> => {
    const items = await itemsOf(dynamodb, restored);
    const [first] = differentItems(before, items);
    must(first === undefined, `${restored} differs from what was lost, first at ${first}`);
    return `${items.size} items, all as they were`;
  };

  await steps.step(
    'table from its last backup',
    async () => {
      const backup = await restoreDeletedTable(dynamodb, lost.table, NAME);
      return `${backup} became ${NAME}: ${await same(NAME)}`;
    },
    BACKUP_FILLS,
  );
  await steps.step(
    'table at a point in time',
    async () => {
      const then = `${NAME}-then`;
      await importTable({ dynamodb, s3 }, NAME, then);
      await attachTable(dynamodb, then, { protect: false });
      return `${then}: ${await same(then)}`;
    },
    EXPORT_FILLS,
  );
  await steps.step('table attached', async () => {
    table = await attachTable(dynamodb, NAME, { protect: true });
    return 'stream, time to live, point-in-time recovery and protection are on';
  });
  await steps.step('old layout migrated', async () => {
    const client = DynamoDBDocumentClient.from(dynamodb);
    const makeOld = [...before.values()].map(({ pk, sk }) => {
      const Key = { pk: pk?.S, sk: sk?.S };
      return client.send(new UpdateCommand({ TableName: NAME, Key, UpdateExpression: 'REMOVE schemaVersion' }));
    });
    await Promise.all(makeOld);
    const { migrated } = await migrateTable({ client, table: NAME }, { apply: true });
    const { migrated: left } = await migrateTable({ client, table: NAME }, { apply: false });
    must(migrated === before.size && left === 0, `${migrated} of ${before.size} migrated, ${left} left`);
    return `${migrated} items without a schema version got theirs: ${await same(NAME)}`;
  });
  await steps.step('releases from the second region', async () => {
    // Under the old name: job definitions that experiments are pinned to carry it.
    const { objects, bytes } = await copyBucket(s3, { from: lost.replica, to: lost.releases, region: tier.root.region });
    const locked = await ground.locked(lost.releases);
    must(locked === objects, `${objects - locked} of ${objects} objects came back without their lock`);
    return `${objects} objects, ${bytes} bytes, locked as they were, are in ${lost.releases} again`;
  });
  return { table, releases: lost.releases };
};
