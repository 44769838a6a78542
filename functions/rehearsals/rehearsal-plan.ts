import { REHEARSAL_ENV, type Rehearsal, STAGE_ENV } from '../shared/contracts/names.ts';
import type { RehearsalSubjects, UpgradeChoice } from '../shared/contracts/rehearsal.ts';

/** A job's own variables, in the spelling of Step Functions' SubmitJob. */
export type PlannedJob = { rehearsal: Rehearsal; environment: { Name: string; Value: string }[] };
export type RehearsalPlan = { jobs: PlannedJob[]; skipped: { rehearsal: Rehearsal; because: string }[] };

const job = (rehearsal: Rehearsal, variables: Record<string, string>): PlannedJob => ({
  rehearsal,
  environment: Object.entries(variables).map(([Name, Value]) => ({ Name, Value })),
});

/** What can be rehearsed with what there is. A deployment that has released nothing yet has nothing to rehearse, which is no failure. */
export const planRehearsal = (subjects: RehearsalSubjects, upgrade: UpgradeChoice): RehearsalPlan => {
  const { checkpoint, newestBundle, previousBundle } = subjects;
  const plan: RehearsalPlan = { jobs: [], skipped: [] };
  const skip = (rehearsal: Rehearsal, because: string): number => plan.skipped.push({ rehearsal, because });

  if (checkpoint) plan.jobs.push(job('restore', { [STAGE_ENV.experimentId]: checkpoint.experimentId }));
  else skip('restore', 'There is no committed checkpoint: nothing was trained since the last ones expired.');

  if (newestBundle && previousBundle)
    plan.jobs.push(
      job('rollback', { [REHEARSAL_ENV.newestBundle]: newestBundle, [REHEARSAL_ENV.previousBundle]: previousBundle }),
    );
  else if (newestBundle) skip('rollback', `${newestBundle} is the model's only version: there is nothing to go back to.`);
  else skip('rollback', 'No model has been released.');

  if (newestBundle)
    plan.jobs.push(
      job('upgrade', {
        [REHEARSAL_ENV.newestBundle]: newestBundle,
        [REHEARSAL_ENV.upgradePackage]: upgrade.package,
        ...(upgrade.version === undefined ? {} : { [REHEARSAL_ENV.upgradeVersion]: upgrade.version }),
      }),
    );
  else skip('upgrade', 'No model has been released.');
  return plan;
};
