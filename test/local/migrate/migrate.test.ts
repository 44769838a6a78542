import { DynamoDBDocumentClient, PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { ITEM_SCHEMA_VERSION } from '../../../functions/shared/table/schema-version.ts';
import { anExperiment } from '../../functions/an-experiment.ts';
import { anAccount, type LocalAccount } from '../restore/an-account.ts';

const COMMAND = 'local/migrate/migrate.ts';
let account: LocalAccount;
beforeAll(async () => {
  account = await anAccount();
});
afterAll(() => account.stop());

describe('npm run migrate', () => {
  it('counts, then brings a table of old items to the newest layout, in which everything still reads', async () => {
    await account.aRestoredTable('old');
    const client = DynamoDBDocumentClient.from(account.dynamodb, { marshallOptions: { removeUndefinedValues: true } });
    const table = { client, table: 'old' };
    const experiments = Array.from({ length: 12 }, () => anExperiment());
    for (const experiment of experiments) {
      const { Item } = experimentEntity(table).put(experiment).params() as unknown as { Item: Record<string, unknown> };
      const { schemaVersion: _, ...old } = Item;
      await client.send(new PutCommand({ TableName: 'old', Item: old }));
    }
    const versions = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const { Items = [] } of paginateScan({ client }, { TableName: 'old' }))
        found.push(...Items.map((item) => item.schemaVersion));
      return [...new Set(found)];
    };

    const counted = await account.run(COMMAND, '--table', 'old');
    expect(counted.said).toContain('12 of 12 items of old have an older layout than schemaVersion 1. Nothing was written');
    expect(await versions()).toEqual([undefined]);
    const applied = await account.run(COMMAND, '--table', 'old', '--apply');
    expect(applied.said).toContain('12 of 12 items of old were brought to schemaVersion 1, 0 had it; 0 lost races');
    expect(await versions()).toEqual([ITEM_SCHEMA_VERSION]);
    const again = await account.run(COMMAND, '--table', 'old', '--apply');
    expect(again.said).toContain('0 of 12 items of old were brought to schemaVersion 1, 12 had it');
    for (const { id, name } of experiments) expect(await experimentStore(table).get(id)).toMatchObject({ id, name });
  });

  it.each([
    [[], 'Which table? npm run migrate -- --table NAME [--apply]'],
    [['--table', 'absent'], 'There is no table absent here.'],
    [['--tabel', 'x'], "Unknown option '--tabel'"],
  ])('answers %j with a sentence', async (args, sentence) => {
    const { code, said } = await account.run(COMMAND, ...args);
    expect(code).toBe(1);
    expect(said).toContain(`spotforge: ${sentence}`);
    expect(said).not.toMatch(/^\s+at /m);
  });
});
