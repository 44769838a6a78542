import { createWriteTransaction } from 'electrodb';
import { ConcurrentChange } from '../shared/errors.ts';
import { eventEntity } from '../shared/table/event.ts';
import { type ExperimentItem, experimentEntity } from '../shared/table/experiment.ts';
import { type IdempotencyKeyItem, idempotencyKeyEntity } from '../shared/table/idempotency-key.ts';
import type { Table } from '../shared/table/table.ts';
import { lostRace } from '../shared/table/transaction.ts';

export type SubmissionStore = ReturnType<typeof submissionStore>;
type Key = Pick<IdempotencyKeyItem, 'tenant' | 'route' | 'key'>;

/** Stores new experiments, each with the key under which it was asked for. */
export const submissionStore = (table: Table) => {
  const experiments = experimentEntity(table);
  const events = eventEntity(table);
  const keys = idempotencyKeyEntity(table);

  const findKey = async (key: Key): Promise<IdempotencyKeyItem | undefined> =>
    (await keys.get(key).go({ consistent: true })).data ?? undefined;

  /**
   * Experiment, first line of its history and key in one transaction, each only if absent.
   * @returns the key's item when somebody else stored it first; undefined when everything was stored
   * @throws ConcurrentChange when the very same request is being stored right now
   */
  const store = async (
    experiment: ExperimentItem,
    key: IdempotencyKeyItem | undefined,
  ): Promise<IdempotencyKeyItem | undefined> => {
    const { id, createdAt, run } = experiment;
    const queued = {
      experimentId: id,
      id: '000001-0',
      at: createdAt,
      type: 'experiment.queued',
      run,
      message: 'The experiment was accepted.',
    };
    const result = await createWriteTransaction({ experiments, events, keys }, ({ experiments, events, keys }) => [
      experiments.create(experiment).commit(),
      events.create(queued).commit(),
      ...(key === undefined ? [] : [keys.create(key).commit()]),
    ]).go();
    if (!lostRace(result)) return undefined;
    const first = key && (await findKey(key));
    if (!first) throw new ConcurrentChange(id);
    return first;
  };

  return { findKey, store };
};
