import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { allow } from './allow.ts';
import { encrypts } from './key-use.ts';
import type { TableReference } from './storage-references.ts';

/**
 * Copies of the table in a vault, beside its point-in-time recovery. That one goes back to any second of the last 35 days, but lies with the
 * table: whoever may change the table may switch it off, and its history is gone. And it knows nothing of last quarter. Each copy is a whole one, so
 * few are kept: at 0.10 USD for a GB and month, those of a table of 100 MB cost about 0.20 USD a month. Not yet run on AWS.
 */
export class TableBackup extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { deployment, table }: { deployment: Deployment; table: TableReference }) {
    super(scope, id);
    const vault = new BackupVault(this, 'Vault', {
      backupVaultName: `${deployment.name}-table`,
      removalPolicy: RemovalPolicy.RETAIN, // made for retained deployments only; a vault that is not empty cannot be deleted anyway
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      description: `${deployment.name}: backs up the table`,
    });
    const plan = new BackupPlan(this, 'Plan', {
      backupPlanName: `${deployment.name}-table`,
      backupVault: vault,
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'daily',
          scheduleExpression: Schedule.cron({ minute: '0', hour: '3' }),
          deleteAfter: Duration.days(7),
        }),
        new BackupPlanRule({
          ruleName: 'weekly',
          scheduleExpression: Schedule.cron({ minute: '0', hour: '4', weekDay: 'SUN' }),
          deleteAfter: Duration.days(91), // thirteen weeks
        }),
      ],
    });
    plan.addSelection('Table', {
      backupSelectionName: `${deployment.name}-table`,
      resources: [BackupResource.fromArn(table.tableArn)],
      role: this.role.withoutPolicyUpdates(),
      disableDefaultBackupPolicy: true, // AWS's own may back up everything in the account
    });
    this.allowBackup(table, vault);
  }

  /** Of AWS's AWSBackupServiceRolePolicyForBackup what concerns DynamoDB, for this table and this vault. */
  private allowBackup(table: TableReference, vault: BackupVault): void {
    allow(this.role, {
      actions: ['dynamodb:DescribeTable', 'dynamodb:CreateBackup', 'dynamodb:StartAwsBackupJob', 'dynamodb:ListTagsOfResource'],
      resources: [table.tableArn],
    });
    allow(this.role, {
      actions: ['dynamodb:DescribeBackup', 'dynamodb:DeleteBackup'],
      resources: [`${table.tableArn}/backup/*`],
      because: 'Backups are named when they are made.',
    });
    allow(this.role, {
      actions: ['backup:DescribeBackupVault', 'backup:CopyIntoBackupVault'],
      resources: [vault.backupVaultArn],
    });
    allow(this.role, {
      actions: ['backup:TagResource'],
      resources: [
        Stack.of(this).formatArn({
          service: 'backup',
          resource: 'recovery-point',
          resourceName: '*',
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      because: 'Recovery points are named when they are made.',
    });
    for (const permission of encrypts(table, 'dynamodb')) allow(this.role, permission);
  }
}
