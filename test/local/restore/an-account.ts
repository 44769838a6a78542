import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { INDEXES } from '../../../functions/shared/table/table.ts';
import { ROOT } from '../../../local/tier/paths.ts';
import { rememberedOrNew } from '../../../local/tier/tier-memory.ts';
import { endpointsOf, REGION, startAws, toolEnvironmentOf } from '../../../local/tier/tier-services.ts';

type Ended = { code: number; said: string };
export type LocalAccount = {
  dynamodb: DynamoDBClient;
  s3: S3Client;
  /** Makes a table as a restore leaves it: keys and indexes, and nothing else. */
  aRestoredTable: (name: string, indexes?: readonly string[]) => Promise<void>;
  /** Runs a command of ours in this account; answers its exit code and all that it printed. */
  run: (command: string, ...args: string[]) => Promise<Ended>;
  stop: () => Promise<void>;
};

/** An account on a local AWS of the test file's own, empty and with IAM enforced. */
export const anAccount = async (): Promise<LocalAccount> => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-account-'));
  mkdirSync(join(folder, 'aws'));
  const memory = await rememberedOrNew(folder, undefined);
  const service = await startAws(folder, memory);
  const { rootAccessKeyId: accessKeyId, rootSecretAccessKey: secretAccessKey } = memory;
  const settings = { endpoint: endpointsOf(memory).emulator, region: REGION, credentials: { accessKeyId, secretAccessKey } };
  const dynamodb = new DynamoDBClient(settings);

  const aRestoredTable: LocalAccount['aRestoredTable'] = async (name, indexes = Object.values(INDEXES)) => {
    const key = (prefix = '') => [
      { AttributeName: `${prefix}pk`, KeyType: 'HASH' as const },
      { AttributeName: `${prefix}sk`, KeyType: 'RANGE' as const },
    ];
    const names = ['', ...indexes].flatMap((prefix) => key(prefix).map(({ AttributeName }) => AttributeName));
    await dynamodb.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: key(),
        ...(indexes.length > 0 && {
          GlobalSecondaryIndexes: indexes.map((IndexName) => ({
            IndexName,
            KeySchema: key(IndexName),
            Projection: { ProjectionType: 'ALL' as const },
          })),
        }),
      }),
    );
  };

  const run = (command: string, ...args: string[]): Promise<Ended> =>
    promisify(execFile)(process.execPath, [join(ROOT, command), ...args], { env: toolEnvironmentOf(memory) }).then(
      ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, said: stdout + stderr }),
    );

  return {
    dynamodb,
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    aRestoredTable,
    run,
    stop: async () => {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
