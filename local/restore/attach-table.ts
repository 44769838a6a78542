import { setTimeout as sleep } from 'node:timers/promises';
import {
  ContinuousBackupsUnavailableException,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { INDEXES } from '../../functions/shared/table/table.ts';
import { TierFailure } from '../tier/tier-failure.ts';

/** What the storage stack gives its table and a restore leaves out. Tags and policies would be missing too; the table has none that matter. */
export const TABLE_SETTINGS = { streamViewType: 'NEW_AND_OLD_IMAGES', timeToLiveAttribute: 'expiresAt' } as const;

/** A restore of some GB takes minutes, of some TB hours: whoever waits longer calls again. */
const ACTIVE_SECONDS = 3600;
/** Right after a restore DynamoDB says for a moment that backups are not available yet. */
const BACKUPS_TRIES = 30;
const BACKUPS_PAUSE_MS = 2_000;

/** As the deployment's configuration wants it under `existing.table`. */
export type AttachedTable = { name: string; streamArn: string };

/** The table once it is ACTIVE: between two changes it is not. */
const active = async (dynamodb: DynamoDBClient, name: string): Promise<TableDescription> => {
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: ACTIVE_SECONDS, minDelay: 1, maxDelay: 10 }, { TableName: name });
  const { Table = {} } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
  return Table;
};

/** Before any waiting: a mistyped name would be waited for in vain. */
const assertThere = async (dynamodb: DynamoDBClient, name: string): Promise<void> => {
  try {
    await dynamodb.send(new DescribeTableCommand({ TableName: name }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new TierFailure(
      `There is no table ${name} in ${await dynamodb.config.region()}. Restore it first, to a new name: docs/runbook.md, "A table is lost".`,
    );
  }
};

const assertOurs = ({ KeySchema = [], GlobalSecondaryIndexes = [] }: TableDescription, name: string): void => {
  const keys = KeySchema.map(({ AttributeName }) => AttributeName).join(', ');
  const indexes = GlobalSecondaryIndexes.map(({ IndexName }) => IndexName);
  const missing = Object.values(INDEXES).filter((index) => !indexes.includes(index));
  if (keys !== 'pk, sk' || missing.length > 0)
    throw new TierFailure(
      `${name} is no table of Spotforge: it has the keys ${keys} and lacks the indexes ${missing.join(', ') || '(none)'}. Restore it with all its indexes, which is the default.`,
    );
};

const enableTimeToLive = async (dynamodb: DynamoDBClient, name: string): Promise<void> => {
  const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName: name }));
  if (/^ENABL/.test(TimeToLiveDescription?.TimeToLiveStatus ?? '')) return;
  const TimeToLiveSpecification = { Enabled: true, AttributeName: TABLE_SETTINGS.timeToLiveAttribute };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
};

const enableRecovery = async (dynamodb: DynamoDBClient, name: string): Promise<void> => {
  const { ContinuousBackupsDescription } = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName: name }));
  if (ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED') return;
  const enable = { TableName: name, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
  for (let tries = 1; ; tries++) {
    try {
      await dynamodb.send(new UpdateContinuousBackupsCommand(enable));
      return;
    } catch (error) {
      if (!(error instanceof ContinuousBackupsUnavailableException) || tries === BACKUPS_TRIES) throw error;
      await sleep(BACKUPS_PAUSE_MS);
    }
  }
};

/**
 * Gives a restored table what the storage stack's own has: stream, time to live, point-in-time recovery and, with `protect`, protection from
 * deletion. Waits for a restore that is under way. Whatever is so already stays as it is.
 * @throws TierFailure when there is no such table, or it has not the keys and indexes of ours
 */
export const attachTable = async (
  dynamodb: DynamoDBClient,
  name: string,
  { protect }: { protect: boolean },
): Promise<AttachedTable> => {
  const update = (change: Omit<UpdateTableCommandInput, 'TableName'>) =>
    dynamodb.send(new UpdateTableCommand({ TableName: name, ...change }));
  await assertThere(dynamodb, name);
  const { StreamSpecification, DeletionProtectionEnabled, ...table } = await active(dynamodb, name);
  assertOurs(table, name);
  if (!StreamSpecification?.StreamEnabled) {
    await update({ StreamSpecification: { StreamEnabled: true, StreamViewType: TABLE_SETTINGS.streamViewType } });
    await active(dynamodb, name);
  }
  if (protect && !DeletionProtectionEnabled) {
    await update({ DeletionProtectionEnabled: true });
    await active(dynamodb, name);
  }
  await enableTimeToLive(dynamodb, name);
  await enableRecovery(dynamodb, name);
  const { LatestStreamArn } = await active(dynamodb, name);
  if (LatestStreamArn === undefined) throw new TierFailure(`${name} has no stream although it was asked for one: call again.`);
  return { name, streamArn: LatestStreamArn };
};
