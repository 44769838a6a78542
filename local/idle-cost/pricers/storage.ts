import * as z from 'zod';
import type { Resource, Resources } from '../../deployment/template-resources.ts';
import type { BillItem, Charge, Pricing } from '../bill-item.ts';
import { REFERENCE } from '../reference-usage.ts';
import { timesPerMonth } from '../schedule-expression.ts';

const pointInTime = z.looseObject({
  PointInTimeRecoverySpecification: z.looseObject({ PointInTimeRecoveryEnabled: z.boolean() }).optional(),
});
const backupPlan = z.looseObject({
  BackupPlan: z.looseObject({
    BackupPlanRule: z.array(
      z.looseObject({
        RuleName: z.string(),
        ScheduleExpression: z.string(),
        Lifecycle: z.looseObject({ DeleteAfterDays: z.number() }),
        CopyActions: z.array(z.unknown()).default([]),
      }),
    ),
  }),
});
const replicated = z.looseObject({ ReplicationConfiguration: z.looseObject({}) });

/** The reference table is in the deployment once, also where several tables are. */
const tableItems = (resources: Resources, charge: Charge): BillItem[] => {
  const tables = resources.ofType('AWS::DynamoDB::Table');
  if (tables.length === 0) return [];
  const protectedTable = tables.some(
    ({ properties }) => pointInTime.parse(properties).PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled,
  );
  return [
    charge('table: storage', 'dynamodb.storage', REFERENCE.tableGb),
    ...(protectedTable ? [charge('table: point-in-time recovery', 'dynamodb.point-in-time', REFERENCE.tableGb)] : []),
  ];
};

const DAYS_PER_MONTH = 365 / 12;

/** Recovery points that exist at any time, each a whole copy of the table, in every place that a rule copies it to. */
const planItems = ({ properties }: Resource, charge: Charge): BillItem[] =>
  backupPlan.parse(properties).BackupPlan.BackupPlanRule.map(({ RuleName, ScheduleExpression, Lifecycle, CopyActions }) => {
    const kept = Math.max(1, (timesPerMonth(ScheduleExpression) / DAYS_PER_MONTH) * Lifecycle.DeleteAfterDays);
    return charge(`table: backups of ${RuleName}`, 'backup.dynamodb', kept * (1 + CopyActions.length) * REFERENCE.tableGb);
  });

const bucketItems = (resources: Resources, charge: Charge): BillItem[] => {
  const buckets = resources.ofType('AWS::S3::Bucket');
  if (buckets.length === 0) return [];
  return [
    charge('models and data in S3', 's3.standard', REFERENCE.modelsGb),
    // The models are counted once: whichever of the buckets they are in, replication keeps them a second time.
    ...(buckets.some(({ properties }) => replicated.safeParse(properties).success)
      ? [charge('replica of models and data in S3', 's3.standard', REFERENCE.modelsGb)]
      : []),
  ];
};

export const STORAGE: Pricing = {
  types: ['AWS::ECR::Repository', 'AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Backup::BackupPlan'],
  items: (resources, charge) => [
    ...(resources.ofType('AWS::ECR::Repository').length > 0 ? [charge('images in ECR', 'ecr.storage', REFERENCE.imagesGb)] : []),
    ...bucketItems(resources, charge),
    ...tableItems(resources, charge),
    ...resources.ofType('AWS::Backup::BackupPlan').flatMap((plan) => planItems(plan, charge)),
  ],
};
