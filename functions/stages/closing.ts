import { type FailureView, isFinal } from '../shared/contracts/experiment-view.ts';
import { STAGE_ERRORS } from '../shared/contracts/names.ts';
import { failureCause, stageSummaries } from '../shared/contracts/stage-documents.ts';
import type { Action, ActionOf, Bundle } from './actions.ts';
import type { ExecutionView } from './execution-view.ts';
import { OTHER_REMEDY, REMEDIES } from './failure-remedies.ts';
import type { Limits, StoredExperiment } from './reconcile.ts';

type Closing = {
  experiment: StoredExperiment;
  execution: ExecutionView;
  /** A result that this pass is about to keep. */
  kept: ActionOf<'KeepResult'> | undefined;
  /** True only when every queue was asked. */
  nothingAlive: boolean;
  now: Date;
  limits: Limits;
};

/** How an experiment ends once its execution has. */
export const closing = (given: Closing): Action[] => {
  const { experiment, execution, nothingAlive } = given;
  const { run } = experiment;
  if (isFinal(experiment.status) || execution.state === 'unknown') return [];
  const cancelled: Action[] = nothingAlive ? [{ type: 'Close', run, status: 'cancelled' }] : [];
  if (execution.state === 'absent') {
    if (experiment.status === 'cancelling') return cancelled;
    return isGone(given) ? [{ type: 'Close', run, status: 'failed', failure: GONE }] : [];
  }
  if (execution.status === 'RUNNING' || execution.status === 'PENDING_REDRIVE') return [];
  if (experiment.status === 'cancelling') return cancelled;
  switch (execution.status) {
    case 'ABORTED':
      return [{ type: 'BeginCancelling', run, message: 'The execution was stopped from outside.' }, ...cancelled];
    case 'SUCCEEDED':
      return [{ type: 'Close', run, status: 'succeeded', bundle: bundleOf(given) }];
    case 'TIMED_OUT':
      return [failing(run, experiment.failure ?? failureOf('Stage.TimedOut', 'The run was longer than an execution may be.'))];
    case 'FAILED':
      return [failing(run, experiment.failure ?? failureOf(execution.error ?? 'States.Runtime', execution.cause ?? ''))];
  }
};

/** Running by our records, unknown to Step Functions, and not because the record is a moment old. */
export const isGone = ({
  experiment,
  execution,
  now,
  limits,
}: Pick<Closing, 'experiment' | 'execution' | 'now' | 'limits'>): boolean =>
  execution.state === 'absent' &&
  experiment.status === 'running' &&
  now.getTime() - Date.parse(experiment.updatedAt) > limits.startAfterSeconds * 1000;

const failing = (run: number, failure: FailureView): Action => ({
  type: 'Close',
  run,
  status: failure.error === 'Stage.GateRejected' ? 'rejected' : 'failed',
  failure,
});

const bundleOf = ({ experiment, kept }: Closing): Bundle | null => {
  const summary = stageSummaries.bundle.safeParse(
    experiment.stages?.bundle ?? (kept?.at.stage === 'bundle' ? kept.summary : undefined),
  );
  return summary.success
    ? { uri: summary.data.bundleUri, sha256: summary.data.bundleSha256, version: summary.data.version }
    : null;
};

/** The message inside a FailureCause, or the cause as it is. */
const messageOf = (cause: string): string => {
  try {
    const parsed = failureCause.safeParse(JSON.parse(cause));
    return parsed.success ? parsed.data.message : cause;
  } catch {
    return cause;
  }
};

/** A failure for which nothing better was recorded: the error's name and cause as Step Functions gives them. */
export const failureOf = (
  error: string,
  cause: string,
  at: Pick<FailureView, 'stage' | 'attempt'> = { stage: null, attempt: null },
): FailureView => {
  const known = STAGE_ERRORS.find((name) => name === error);
  return {
    error,
    ...at,
    message: (messageOf(cause) || `The pipeline ended with ${error}.`).slice(0, 2000),
    where: null,
    remedy: known ? REMEDIES[known] : OTHER_REMEDY,
    diagnostics: [],
  };
};

const GONE = failureOf('States.ExecutionDoesNotExist', 'The execution of this run no longer exists in Step Functions.');
