import { isNamed } from '../shared/aws-errors.ts';
import { ExperimentNotFound } from '../shared/errors.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { ExperimentChange } from './experiment-store.ts';

/** Losing five times in a row takes as many writers at once; an experiment has three at most. */
const ATTEMPTS = 5;

type Table = {
  get: (id: string) => Promise<ExperimentItem | undefined>;
  write: (experiment: ExperimentItem, change: ExperimentChange) => Promise<ExperimentItem>;
  /** Waits after a lost race, so that those who collided once do not collide again. */
  pause: (attempt: number) => Promise<void>;
};

/**
 * Reads, decides and writes until nobody was faster. `decide` answers undefined when there is nothing to do; it may be called again
 * with a newer state, so it must be pure.
 * @returns the experiment as it is now
 * @throws ExperimentNotFound, IllegalTransition, ConcurrentChange after five lost races
 */
export const changeUntilWon = async (
  { get, write, pause }: Table,
  id: string,
  decide: (experiment: ExperimentItem) => ExperimentChange | undefined,
): Promise<ExperimentItem> => {
  for (let attempt = 1; ; attempt++) {
    const experiment = await get(id);
    if (!experiment) throw new ExperimentNotFound();
    const decided = decide(experiment);
    if (!decided) return experiment;
    try {
      return await write(experiment, decided);
    } catch (error) {
      if (attempt === ATTEMPTS || !isNamed(error, 'ConcurrentChange')) throw error;
      await pause(attempt);
    }
  }
};
