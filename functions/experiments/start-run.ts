import { logger } from '../shared/handlers.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { Executions } from './executions.ts';
import type { ExperimentStore } from './experiment-store.ts';

type Started = Pick<ExperimentItem, 'id' | 'run' | 'spec' | 'inputs'>;

/**
 * Starts the execution of a stored run, and stops it again should the run have been cancelled in between: a cancel that finds no execution
 * has nothing to stop. May be repeated.
 */
export const startRun = async (
  { store, runs }: { store: Pick<ExperimentStore, 'get'>; runs: Executions },
  experiment: Started,
): Promise<void> => {
  const { id, run } = experiment;
  await runs.start(experiment);
  const now = await store.get(id);
  const wanted = now?.run === run && now.status !== 'cancelling' && now.status !== 'cancelled';
  if (!wanted) await runs.stop(id, run, 'The experiment was cancelled before this run had started.');
};

/** As `startRun`, for somebody who waits for an answer: the run is stored, so the supervisor starts it within a minute should this fail. */
export const tryToStartRun = async (services: Parameters<typeof startRun>[0], experiment: Started): Promise<void> => {
  try {
    await startRun(services, experiment);
  } catch (error) {
    logger.warn('the execution could not be started; the supervisor will', {
      experimentId: experiment.id,
      error: error as Error,
    });
  }
};
