import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loseBucket, loseTable } from '../../../../local/drill/restore/lose.ts';
import { differences, type Remembered } from '../../../../local/drill/restore/remembered.ts';
import { lineOf, reportOf, TARGET_MINUTES } from '../../../../local/drill/restore/restore-report.ts';
import { must, type Step, Steps } from '../../../../local/drill/restore/steps.ts';
import { differentItems, itemsOf } from '../../../../local/drill/restore/stored-items.ts';
import { restoreDeletedTable } from '../../../../local/drill/restore/system-backup.ts';
import { exportTable, importTable } from '../../../../local/drill/restore/table-export.ts';
import { emptyBucket } from '../../../../local/lifecycle/empty-bucket.ts';
import { attachTable } from '../../../../local/restore/attach-table.ts';
import { aView } from '../../demo/a-view.ts';
import { anAccount, type LocalAccount } from '../../restore/an-account.ts';

const silent = () => {
  const said: string[] = [];
  return { said, ticker: { says: (what: string) => void said.push(what), doing: () => {}, stop: () => {} } };
};

describe('the steps of a restore', () => {
  it('end at the first that does not pass, with its reason', async () => {
    const { said, ticker } = silent();
    const steps = new Steps(ticker);
    await steps.step('first', async () => 'done', 'something that is lacking');
    await steps.step('second', async () => {
      must(false, 'the table is empty');
      return 'never said';
    });
    await steps.step('third', async () => 'never run');
    expect(steps.done).toMatchObject([
      { step: 'first', pass: true, found: 'done', filled: 'something that is lacking' },
      { step: 'second', pass: false, found: 'the table is empty', filled: null },
    ]);
    expect(steps.passed).toBe(false);
    expect(said.map((line) => line.replace(/\(.*/, ''))).toEqual([
      'pass  first: done ',
      '      filled in on the local tier: something that is lacking',
      'FAIL  second: the table is empty ',
    ]);
  });

  it('pass within half an hour only, and what was filled in is counted', () => {
    const step: Step = { step: 'a', pass: true, found: 'b', filled: 'c', seconds: 1 };
    expect(reportOf([step, { ...step, filled: null }], 12, 60).pass).toBe(true);
    expect(reportOf([step], TARGET_MINUTES + 0.1, 60).pass).toBe(false);
    expect(reportOf([step, { ...step, pass: false }], 1, 60).pass).toBe(false);
    expect(lineOf(reportOf([step], 12, 60))).toMatch(
      /^pass {2}1 of 1 steps passed in 12 minutes \(at most 30\), 1 of them filled in;/,
    );
  });
});

describe('an experiment that is restored', () => {
  const before: Remembered = {
    experiment: aView({ status: 'succeeded' }),
    events: ['e1', 'e2'],
    artifacts: ['spec spec.json 10'],
    bundleSha256: 'a',
  };

  it('verifies when everything is as it was, whatever came to its history since', () => {
    expect(differences(before, { ...before, events: ['e1', 'e2', 'e3'] })).toEqual([]);
  });

  it.each<[Partial<Remembered>, RegExp]>([
    [{ experiment: aView({ status: 'failed' }) }, /status is another/],
    [{ events: ['e2'] }, /1 events are missing/],
    [{ artifacts: [] }, /artifacts are others/],
    [{ bundleSha256: 'b' }, /bundle is another/],
  ])('does not with %j', (change, reason) => {
    expect(differences(before, { ...before, ...change }).join()).toMatch(reason);
  });
});

describe('what the drill loses and brings back', () => {
  let account: LocalAccount;
  beforeAll(async () => {
    account = await anAccount();
  });
  afterAll(() => account.stop());

  const aTable = async (name: string): Promise<void> => {
    await account.aRestoredTable(name);
    for (const sk of ['a', 'b'])
      await account.dynamodb.send(
        new PutItemCommand({
          TableName: name,
          Item: { pk: { S: 'x' }, sk: { S: sk }, n: { N: '1.50' } },
        }),
      );
  };

  it('a protected table, from the backup that its deletion leaves', async () => {
    const { dynamodb } = account;
    await aTable('lost');
    await attachTable(dynamodb, 'lost', { protect: true });
    const items = await itemsOf(dynamodb, 'lost');
    await loseTable(dynamodb, 'lost');
    await expect(itemsOf(dynamodb, 'lost')).rejects.toThrow();
    expect(await restoreDeletedTable(dynamodb, 'lost', 'back')).toBe('lost$DeletedTableBackup');
    expect(differentItems(items, await itemsOf(dynamodb, 'back'))).toEqual([]);
  });

  it('a table without recovery leaves none', async () => {
    await aTable('unrecoverable');
    await loseTable(account.dynamodb, 'unrecoverable');
    await expect(restoreDeletedTable(account.dynamodb, 'unrecoverable', 'never')).rejects.toThrow(/left no system backup/);
  });

  it('a table at an earlier time, from its export', async () => {
    const { dynamodb, s3 } = account;
    await aTable('exported');
    const then = await itemsOf(dynamodb, 'exported');
    expect(await exportTable({ dynamodb, s3 }, 'exported')).toBe(2);
    await dynamodb.send(new PutItemCommand({ TableName: 'exported', Item: { pk: { S: 'x' }, sk: { S: 'a' } } }));
    expect(await importTable({ dynamodb, s3 }, 'exported', 'then')).toBe(2);
    const now = await itemsOf(dynamodb, 'exported');
    expect(differentItems(then, await itemsOf(dynamodb, 'then'))).toEqual([]);
    expect(differentItems(then, now)).toEqual(['x a']);
  });

  it('a bucket whose objects are locked, which an ordinary deletion does not get past', async () => {
    const { s3 } = account;
    await s3.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
    const ObjectLockRetainUntilDate = new Date(Date.now() + 86_400_000);
    const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate, ChecksumAlgorithm: 'SHA256' } as const;
    await s3.send(new PutObjectCommand({ Bucket: 'locked', Key: 'a', Body: 'a', ...lock }));
    await expect(emptyBucket(s3, 'locked')).rejects.toThrow(/cannot be emptied: a stays/);
    expect(await loseBucket(s3, 'locked')).toBe(1);
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'locked' }))).rejects.toThrow();
  });
});

describe('npm run drill', () => {
  it('runs the restore alone, and says so', async () => {
    const account = await anAccount();
    const { code, said } = await account.run('local/drill/drill.ts', 'restore', 'all').finally(() => account.stop());
    expect([code, said]).toEqual([1, expect.stringContaining('spotforge: The drill restore is run alone')]);
  });
});
