import type { ExperimentItem } from '../../../functions/shared/table/experiment.ts';
import type { Action } from '../../../functions/stages/actions.ts';
import type { ExecutionStatus, ExecutionView } from '../../../functions/stages/execution-view.ts';
import type { JobView } from '../../../functions/stages/job-view.ts';
import { NO_PROGRESS, type ProgressView, reconcile, type StoredAttempt } from '../../../functions/stages/reconcile.ts';
import { anExperiment } from '../an-experiment.ts';
import { LIMITS, NOW } from './a-job.ts';

export const execution = (status: ExecutionStatus, error: string | null = null, cause: string | null = null): ExecutionView => ({
  state: 'seen',
  status,
  error,
  cause,
});
export const ABSENT: ExecutionView = { state: 'absent' };

export const AGO = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

export const ID = 'exp_01arz3ndektsv4rrffq69g5fav';
/** Where most of what is decided here happens: the first attempt of the first run's training. */
export const at = { experimentId: ID };
export const current = { run: 1, stage: 'train', attempt: 1 } as const;

export type Given = {
  experiment?: Partial<ExperimentItem>;
  attempts?: StoredAttempt[];
  jobs?: JobView[];
  complete?: boolean;
  execution?: ExecutionView;
  progress?: ProgressView;
};

/** What is decided for a running experiment that was written ten seconds ago, whose execution runs and of which everything is seen. */
export const decide = ({ experiment = {}, attempts = [], jobs = [], complete = true, ...rest }: Given): Action[] =>
  reconcile(
    { experiment: anExperiment({ id: ID, status: 'running', updatedAt: AGO(10), ...experiment }), attempts },
    { jobs, complete },
    rest.execution ?? execution('RUNNING'),
    rest.progress ?? NO_PROGRESS,
    NOW,
    LIMITS,
  );

export const types = (actions: Action[]): string[] => actions.map(({ type }) => type).sort();
