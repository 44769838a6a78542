import type { StageError } from '../shared/contracts/names.ts';

/** What a user can do about each error, for stages that did not say it themselves. */
export const REMEDIES: Record<StageError, string> = {
  'Stage.Cancelled': 'Nothing: the experiment was cancelled. Resume it when you want it to go on.',
  'Stage.Interrupted':
    'The hosts were reclaimed once too often. Resume the experiment, or choose a profile that ends on on-demand queues; compute.maxAttempts raises the budget.',
  'Stage.CapacityUnavailable':
    'No instance type of the queues was to be had. Try again later, or choose a profile with more instance families or on-demand queues.',
  'Stage.Hung': 'Read stacks.txt and the log of the attempt: they show where it stood still.',
  'Stage.Misconfigured':
    "The job can never start as it is. Raise the compute environment's maximum vCPUs, or lower the vCPUs, memory or GPUs of the job definition, as the message says.",
  'Stage.TimedOut':
    'The attempt was longer than its time allows. Lower train.epochs or train.maxRows, or raise the attempt duration in the deployment configuration; resuming continues from the newest checkpoint.',
  'Stage.OutOfMemory': 'Lower train.batchSize or train.maxLength, or choose a profile with larger instances.',
  'Stage.Infrastructure':
    'The image could not be pulled, the disk was full or a service did not answer, three times. Check the image in the registry and the health of the region, then resume.',
  'Stage.InvalidInput': 'Correct the place that the message names and submit again.',
  'Stage.Diverged': 'Lower train.learningRate, or look for labels that are far out of range.',
  'Stage.GateRejected':
    'The model is not good enough for the gate. The diagnostics show the measured values; improve the model, or change the gate if it is too strict for you.',
  'Stage.ContractBroken': 'This is a defect of the stage, not of your input. Report it with the experiment id.',
  'Stage.Failed': 'Read the log of the attempt. If it does not explain the failure, report it with the experiment id.',
  'Stage.Superseded': 'Nothing: another attempt or another run took its place.',
};

/** For errors that Step Functions or Batch named, not a stage. */
export const OTHER_REMEDY =
  'The pipeline itself failed, not a stage. Look at the execution in Step Functions; if it does not explain the failure, report it with the experiment id.';
