import { type BatchClient, TerminateJobCommand } from '@aws-sdk/client-batch';
import * as z from 'zod';
import type { ExperimentChange } from '../experiments/experiment-store.ts';
import { batchClient, documentClient } from '../shared/clients.ts';
import { type FailureView, isFinal } from '../shared/contracts/experiment-view.ts';
import { experimentId, positiveInteger, stage } from '../shared/contracts/primitives.ts';
import { eventHandler, logger } from '../shared/handlers.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import { sameAttempt } from './attempt-order.ts';
import { failureOf } from './closing.ts';
import { jobsOfExperiment } from './find-jobs.ts';
import { isEnded } from './job-view.ts';
import { type StageStore, stageStore } from './stage-store.ts';

export const environment = ['TABLE_NAME'] as const;

/** What the state machine sends: the error and cause that its catcher saw. */
const failedStage = z.strictObject({
  experimentId,
  run: positiveInteger,
  stage: stage.nullable(),
  attempt: positiveInteger.nullable(),
  error: z.string(),
  cause: z.string(),
});
export type FailedStage = z.infer<typeof failedStage>;

/** Step Functions' own names for what our table calls otherwise. */
const OUR_NAMES: Readonly<Record<string, string>> = { 'States.Timeout': 'Stage.TimedOut' };
const TIMED_OUT = 'The stage was not over within the time that the pipeline waits for it, queueing included.';

/** The failure as the experiment will show it. */
export const failureFrom = ({ stage, attempt, error, cause }: FailedStage): FailureView => {
  const name = OUR_NAMES[error] ?? error;
  return failureOf(name, error === 'States.Timeout' ? cause || TIMED_OUT : cause, { stage, attempt });
};

/** What is recorded already by the job's own end tells more: where, and what to do. */
const change = (experiment: ExperimentItem, failed: FailedStage): ExperimentChange | undefined => {
  if (isFinal(experiment.status) || experiment.run !== failed.run) return undefined;
  const failure = failureFrom(failed);
  const known = experiment.failure;
  if (known && known.error === failure.error && known.stage === failure.stage && known.attempt === failure.attempt)
    return undefined;
  return {
    patch: { failure },
    events: [
      {
        type: failed.stage ? 'stage.failed' : 'experiment.failing',
        message: `${failure.error}: ${failure.message}`,
        ...(failed.stage ? { stage: failed.stage } : {}),
        ...(failed.attempt ? { attempt: failed.attempt } : {}),
      },
    ],
  };
};

type Services = { store: StageStore; batch: BatchClient };

/** Nobody waits for this stage any more: whatever still runs of it ends now instead of at the supervisor's next look. */
const endJobs = async (batch: BatchClient, experiment: ExperimentItem, failed: FailedStage): Promise<void> => {
  const { stage, attempt, run } = failed;
  if (stage === null || attempt === null) return;
  const jobs = await jobsOfExperiment(batch, [...new Set(experiment.spec.pins.ladders[stage])], experiment.id);
  const reason = `${failureFrom(failed).error.startsWith('Stage.') ? failureFrom(failed).error : 'Stage.Failed'}: the pipeline stopped waiting`;
  await Promise.all(
    jobs
      .filter((job) => !isEnded(job) && sameAttempt(job.at, { run, stage, attempt }))
      .map(({ jobId }) => batch.send(new TerminateJobCommand({ jobId, reason }))),
  );
};

/** The state machine gave a stage up: keeps why, for the final status, and ends what is left of it. */
export const recordFailure = async (event: unknown, { store, batch }: Services): Promise<void> => {
  const failed = failedStage.parse(event);
  const experiment = await store.experiments.change(failed.experimentId, (stored) => change(stored, failed));
  try {
    await endJobs(batch, experiment, failed);
  } catch (error) {
    logger.warn('its job could not be ended; the supervisor will', { experimentId: failed.experimentId, error: error as Error });
  }
};

export const handler = eventHandler(
  environment,
  ({ TABLE_NAME }) => ({ store: stageStore({ client: documentClient(), table: TABLE_NAME }), batch: batchClient() }),
  recordFailure,
);
