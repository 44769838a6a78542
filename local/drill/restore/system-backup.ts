import { type DynamoDBClient, ListBackupsCommand, RestoreTableFromBackupCommand } from '@aws-sdk/client-dynamodb';

export const BACKUP_FILLS =
  'the local AWS forgets a deleted table: a patch of it keeps the system backup that DynamoDB makes of a table with point-in-time recovery';

/** Makes a new table of the backup that DynamoDB keeps for 35 days of a table that was deleted. Answers the backup's name. */
export const restoreDeletedTable = async (dynamodb: DynamoDBClient, lost: string, to: string): Promise<string> => {
  const { BackupSummaries = [] } = await dynamodb.send(new ListBackupsCommand({ TableName: lost, BackupType: 'SYSTEM' }));
  const backup = BackupSummaries.at(-1);
  if (backup?.BackupArn === undefined) throw new Error(`${lost} left no system backup`);
  await dynamodb.send(new RestoreTableFromBackupCommand({ BackupArn: backup.BackupArn, TargetTableName: to }));
  return backup.BackupName ?? backup.BackupArn;
};
