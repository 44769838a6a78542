import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { attachTable, TABLE_SETTINGS } from '../../../local/restore/attach-table.ts';
import { copyBucket } from '../../../local/restore/copy-bucket.ts';
import { resourcesOf, synthesise } from '../../lib/synthesised.ts';
import { anAccount, type LocalAccount } from './an-account.ts';

const COMMAND = 'local/restore/restore.ts';
const REGION = 'us-east-1';
let account: LocalAccount;
beforeAll(async () => {
  account = await anAccount();
});
afterAll(() => account.stop());

const settingsOf = async (TableName: string) => {
  const { dynamodb } = account;
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
  const { ContinuousBackupsDescription } = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }));
  return {
    stream: Table?.StreamSpecification?.StreamViewType,
    protected: Table?.DeletionProtectionEnabled,
    timeToLive: TimeToLiveDescription,
    recovery: ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
  };
};

describe('attaching a restored table', () => {
  it('gives it what the storage stack gives its own', async () => {
    await account.aRestoredTable('restored');
    const attached = await attachTable(account.dynamodb, 'restored', { protect: true });
    expect(parseDeployment({ existing: { table: attached } }).existing.table).toEqual(attached);
    expect(await settingsOf('restored')).toEqual({
      stream: 'NEW_AND_OLD_IMAGES',
      protected: true,
      timeToLive: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' },
      recovery: 'ENABLED',
    });
    const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
      synthesise().templates.storage,
      'AWS::DynamoDB::Table',
    );
    expect(Properties).toMatchObject({
      StreamSpecification: { StreamViewType: TABLE_SETTINGS.streamViewType },
      TimeToLiveSpecification: { AttributeName: TABLE_SETTINGS.timeToLiveAttribute },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('changes nothing the second time, and answers the same stream', async () => {
    const again = await attachTable(account.dynamodb, 'restored', { protect: true });
    expect(await attachTable(account.dynamodb, 'restored', { protect: true })).toEqual(again);
  });

  it('leaves the protection alone where nobody asks for it', async () => {
    await account.aRestoredTable('unprotected');
    await attachTable(account.dynamodb, 'unprotected', { protect: false });
    expect((await settingsOf('unprotected')).protected).toBe(false);
    await account.dynamodb.send(new UpdateTableCommand({ TableName: 'unprotected', DeletionProtectionEnabled: true }));
    await attachTable(account.dynamodb, 'unprotected', { protect: false });
    expect((await settingsOf('unprotected')).protected).toBe(true);
  });

  it('refuses a table that is not ours, and one that is not there, without waiting for it', async () => {
    await account.aRestoredTable('half', ['gsi1']);
    await expect(attachTable(account.dynamodb, 'half', { protect: true })).rejects.toThrow(/lacks the indexes gsi2, gsi3/);
    await expect(attachTable(account.dynamodb, 'absent', { protect: true })).rejects.toThrow(/There is no table absent/);
  });
});

const UNTIL = new Date(Date.now() + 3 * 86_400_000);
UNTIL.setMilliseconds(0);

/** A replica: versioned, lockable, with a lifecycle, and with a policy that lets nobody overwrite. */
const aReplica = async (bucket: string): Promise<void> => {
  const { s3 } = account;
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  const put = (Key: string, more: object = {}) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: `content of ${Key}`, ChecksumAlgorithm: 'SHA256', ...more }));
  await put('bundles/acme/tiny/1/bundle.json', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: UNTIL });
  await put('bundles/acme/tiny/1/a file (1) ä+.txt');
  const Rules = [{ ID: 'archive', Status: 'Enabled' as const, Filter: { Prefix: 'bundles/' }, Expiration: { Days: 400 } }];
  await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules } }));
  const once = { Null: { 's3:if-none-match': 'true' } };
  const Statement = [
    { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucket}/*`, Condition: once },
  ];
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }));
};

describe('making a bucket from its copy', () => {
  it('brings every object with its retention, the lifecycle, versions and the policy', async () => {
    const { s3 } = account;
    await aReplica('replica');
    const told: string[] = [];
    const progressed = (done: number, of: number) => void told.push(`${done} of ${of}`);
    const copied = await copyBucket(s3, { from: 'replica', to: 'restored-releases', region: REGION, progressed });
    expect(copied.objects).toBe(2);
    expect(told).toEqual(['1 of 2', '2 of 2']);

    const at = { Bucket: 'restored-releases', Key: 'bundles/acme/tiny/1/bundle.json' };
    const locked = await s3.send(new HeadObjectCommand(at));
    expect([locked.ObjectLockMode, locked.ObjectLockRetainUntilDate]).toEqual(['GOVERNANCE', UNTIL]);
    await expect(s3.send(new DeleteObjectCommand({ ...at, VersionId: locked.VersionId }))).rejects.toThrow(/object lock/);
    const free = await s3.send(new GetObjectCommand({ ...at, Key: 'bundles/acme/tiny/1/a file (1) ä+.txt' }));
    expect(await free.Body?.transformToString()).toBe('content of bundles/acme/tiny/1/a file (1) ä+.txt');
    const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'restored-releases' }));
    expect(Rules).toMatchObject([{ ID: 'archive', Expiration: { Days: 400 } }]);
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'restored-releases' }))).Status).toBe('Enabled');
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket: 'restored-releases' }));
    expect(JSON.parse(Policy).Statement).toMatchObject([{ Effect: 'Deny', Resource: 'arn:aws:s3:::restored-releases/*' }]);
  });

  it('goes on where it was cut off, and copies nothing twice', async () => {
    const told: number[] = [];
    const progressed = (done: number) => void told.push(done);
    await copyBucket(account.s3, { from: 'replica', to: 'restored-releases', region: REGION, progressed });
    expect(told).toEqual([]);
  });

  it('refuses a copy that is not there, and makes nothing then', async () => {
    await expect(copyBucket(account.s3, { from: 'absent', to: 'never', region: REGION })).rejects.toThrow(/no bucket absent/);
    await expect(account.s3.send(new GetBucketVersioningCommand({ Bucket: 'never' }))).rejects.toThrow();
  });
});

describe('npm run restore', () => {
  it('prints what to put into the configuration', async () => {
    await account.aRestoredTable('by-command');
    const table = await account.run(COMMAND, 'table', '--name', 'by-command');
    expect(table).toMatchObject({ code: 0, said: expect.stringContaining('by-command has stream, time to live') });
    expect(table.said).toMatch(/"streamArn": "arn:aws:dynamodb:us-east-1:000000000000:table\/by-command\/stream\//);
    await aReplica('commanded');
    const bucket = await account.run(COMMAND, 'bucket', '--as', 'releases', '--from', 'commanded', '--to', 'made');
    expect(bucket).toMatchObject({ code: 0, said: expect.stringContaining('made holds the 2 objects of commanded') });
    expect(bucket.said).toContain('"releases": "made"');
  });

  it.each([
    [[], 'What is to be restored? It is one of:'],
    [['table'], 'What is to be restored?'],
    [['bucket', '--as', 'checkpoints', '--from', 'a', '--to', 'b'], 'What is to be restored?'],
    [['table', '--nome', 'x'], "Unknown option '--nome'"],
    [['table', '--name', 'absent'], 'There is no table absent in us-east-1.'],
    [['bucket', '--as', 'releases', '--from', 'absent', '--to', 'b'], 'There is no bucket absent'],
  ])('answers %j with a sentence', async (args, sentence) => {
    const { code, said } = await account.run(COMMAND, ...args);
    expect(code).toBe(1);
    expect(said).toContain(`spotforge: ${sentence}`);
    expect(said).not.toMatch(/^\s+at /m);
  });
});
