import { setTimeout } from 'node:timers/promises';
import { createWriteTransaction } from 'electrodb';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import type { ExperimentStatus } from '../shared/contracts/experiment-view.ts';
import { ConcurrentChange } from '../shared/errors.ts';
import { type EventItem, eventEntity } from '../shared/table/event.ts';
import { ACTIVE_STATUSES, type ExperimentItem, experimentEntity } from '../shared/table/experiment.ts';
import { type IdempotencyKeyItem, idempotencyKeyEntity } from '../shared/table/idempotency-key.ts';
import type { Table } from '../shared/table/table.ts';
import { lostRace } from '../shared/table/transaction.ts';
import { changeUntilWon } from './change-until-won.ts';
import { assertLegalTransition } from './experiment-status.ts';

type Changeable =
  | 'stage'
  | 'startedAt'
  | 'endedAt'
  | 'stages'
  | 'failure'
  | 'bundle'
  | 'waiting'
  | 'executionArn'
  | 'inputs'
  | 'current';

/** Values to set; null removes one. */
type ExperimentPatch = {
  [K in Changeable | 'run']?: NonNullable<ExperimentItem[K]> | (K extends Changeable ? null : never);
};

/** A line for the history; `run` and `at` are the change's own. */
export type NewEvent = Pick<EventItem, 'type' | 'message'> & Partial<Pick<EventItem, 'stage' | 'attempt'>>;

/** One step of an experiment: a new status (a legal one), new values, and what the history says of it. */
export type ExperimentChange = { status?: ExperimentStatus; patch?: ExperimentPatch; events?: readonly NewEvent[] };

export type ExperimentStore = ReturnType<typeof experimentStore>;

/** Each waits a random part of this, longer with each lost race, so that those who collided once do not collide again. */
const PAUSE_MILLISECONDS = 20;

const defined = <T extends object>(values: T): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

const apply = (experiment: ExperimentItem, { status, patch = {} }: ExperimentChange, at: string): ExperimentItem => {
  if (status !== undefined) assertLegalTransition(experiment.status, status);
  const changed = {
    ...experiment,
    ...patch,
    ...(status === undefined ? {} : { status }),
    revision: experiment.revision + 1,
    updatedAt: at,
  };
  return Object.fromEntries(
    Object.entries(changed).filter(([, value]) => value !== null && value !== undefined),
  ) as ExperimentItem;
};

const historyOf = (experiment: ExperimentItem, events: readonly NewEvent[]): EventItem[] =>
  events.map((event, index) =>
    defined({
      ...event,
      experimentId: experiment.id,
      // Events of one millisecond keep their order: the revision first, then the place within the change.
      id: `${String(experiment.revision).padStart(6, '0')}-${index}`,
      at: experiment.updatedAt,
      run: experiment.run,
    }),
  );

/** Reads and conditional writes of experiments and their history. */
export const experimentStore = (table: Table, clock: Clock = systemClock) => {
  const experiments = experimentEntity(table);
  const events = eventEntity(table);
  const keys = idempotencyKeyEntity(table);

  const get = async (id: string): Promise<ExperimentItem | undefined> =>
    (await experiments.get({ id }).go({ consistent: true })).data ?? undefined;

  /**
   * Writes one change and its history in one transaction, if the experiment is still the one that was read.
   * @param keyOf the Idempotency-Key under which the change was asked for, with the answer to it; stored only if absent
   * @throws IllegalTransition before anything is sent
   * @throws ConcurrentChange when somebody else was faster
   */
  const write = async (
    experiment: ExperimentItem,
    change: ExperimentChange,
    keyOf: (changed: ExperimentItem) => IdempotencyKeyItem | undefined = () => undefined,
  ): Promise<ExperimentItem> => {
    const changed = apply(experiment, change, instantOf(clock.now()));
    const key = keyOf(changed);
    const removed = Object.entries(change.patch ?? {}).flatMap(([key, value]) => (value === null ? [key as Changeable] : []));
    const { id, tenant, createdAt } = experiment;
    const { status, revision, updatedAt } = changed;
    const set = Object.fromEntries(
      Object.entries(change.patch ?? {}).filter(([, value]) => value !== null && value !== undefined),
    );
    const values = { ...set, status, revision, updatedAt };
    const result = await createWriteTransaction({ experiments, events, keys }, ({ experiments, events, keys }) => [
      experiments
        .patch({ id })
        .set(values)
        .remove(removed)
        .composite({ tenant, createdAt })
        .where((stored, { eq }) => `${eq(stored.revision, experiment.revision)} AND ${eq(stored.status, experiment.status)}`)
        .commit(),
      ...historyOf(changed, change.events ?? []).map((event) => events.create(event).commit()),
      ...(key === undefined ? [] : [keys.create(key).commit()]),
    ]).go();
    if (lostRace(result)) throw new ConcurrentChange(id);
    return changed;
  };

  /** `from → to`, with values and history. */
  const transition = (experiment: ExperimentItem, to: ExperimentStatus, change: Omit<ExperimentChange, 'status'> = {}) =>
    write(experiment, { ...change, status: to });

  const pause = (attempt: number): Promise<void> => setTimeout(PAUSE_MILLISECONDS * attempt * Math.random());

  /** Reads, decides and writes until nobody was faster: see `changeUntilWon`. */
  const change = (id: string, decide: (experiment: ExperimentItem) => ExperimentChange | undefined): Promise<ExperimentItem> =>
    changeUntilWon({ get, write, pause }, id, decide);

  /** Everything that is not over, for the supervisor. Eventually consistent: read each again before acting. */
  const active = async (): Promise<ExperimentItem[]> => {
    const pages = await Promise.all(ACTIVE_STATUSES.map((status) => experiments.query.active({ status }).go({ pages: 'all' })));
    return pages.flatMap(({ data }) => data);
  };

  return { get, write, transition, change, active };
};
