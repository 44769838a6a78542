import * as z from 'zod';
import type { Deployment } from './deployment.ts';
import { locksObjects } from './storage.ts';

/** Where a change is tried, rehearsed and used. Each has a committed configuration: config/{delivery stage}.json. */
export const DELIVERY_STAGES = ['dev', 'staging', 'prod'] as const;

export const deliveryStage = z
  .enum(DELIVERY_STAGES)
  .optional()
  .describe(
    'What this deployment is for. Changes no default; a configuration that contradicts it is refused. None: the laptop, and a first look at an account.',
  );

/** What went wrong in an experiment of the last quarter can still be read. */
const PROD_LOG_DAYS = 90;

/** What a delivery stage promises and the rest of the configuration does not keep, each with the reason. */
export const deliveryStageProblems = (deployment: Deployment): string[] => {
  const { data, terminationProtection, logRetentionDays } = deployment;
  switch (deployment.deliveryStage) {
    case 'prod':
      return [
        ...problem(
          data !== 'retain',
          'data is destroy, but deliveryStage is prod: one deleted stack would take buckets, table and users along. Set data to retain.',
        ),
        ...problem(
          !terminationProtection,
          'terminationProtection is false, but deliveryStage is prod: one command would delete the stacks. Set it to true; deleting a stack then takes two.',
        ),
        ...problem(
          !locksObjects(deployment),
          'objectLock.enabled is false, but deliveryStage is prod: a released model and the data that it was made from could be deleted by one mistaken call. Set it to true or leave it out.',
        ),
        ...problem(
          logRetentionDays < PROD_LOG_DAYS,
          `logRetentionDays is ${logRetentionDays}, but deliveryStage is prod: an incident is often looked into weeks later. Keep at least ${PROD_LOG_DAYS} days.`,
        ),
      ];
    case 'dev':
      return [
        ...problem(
          data !== 'destroy',
          'data is retain, but deliveryStage is dev: each deployment that is deleted would leave its buckets, table and users behind. Set data to destroy.',
        ),
        ...problem(
          deployment.objectLock.enabled === true,
          'objectLock.enabled is true, but deliveryStage is dev: its buckets could not be emptied, so not be deleted. Set it to false or leave it out.',
        ),
        ...problem(
          terminationProtection,
          'terminationProtection is true, but deliveryStage is dev: it is there to be thrown away. Set it to false.',
        ),
      ];
    default:
      return [];
  }
};

const problem = (broken: boolean, says: string): string[] => (broken ? [says] : []);
