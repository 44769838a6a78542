import type { ExperimentStatus, ExperimentView } from '../shared/contracts/experiment-view.ts';
import { experimentId } from '../shared/contracts/primitives.ts';
import { ExperimentNotFound } from '../shared/errors.ts';
import { type AttemptItem, attemptEntity } from '../shared/table/attempt.ts';
import { type EventItem, eventEntity } from '../shared/table/event.ts';
import { type ExperimentItem, experimentEntity } from '../shared/table/experiment.ts';
import { progressEntity } from '../shared/table/progress.ts';
import type { Table } from '../shared/table/table.ts';
import { viewOf } from './experiment-view.ts';

export type ExperimentReader = ReturnType<typeof experimentReader>;

/** Sorts before every character that an event's id may have. */
const JUST_AFTER = '!';
/** An upper end, because other items follow the events in the partition. */
const END_OF_EVENTS = { at: '9999', id: '' };

type Position = { createdAt: string; id: string };

const lazy = <T>(build: () => T): (() => T) => {
  let built: T | undefined;
  return () => {
    built ??= build();
    return built;
  };
};

/** What a tenant may read. Every method takes the tenant first; another tenant's experiment is as absent as one that never was. */
export const experimentReader = (table: Table) => {
  // Building an entity validates its whole model: each Lambda builds those that its route reads, at the first request.
  const experiments = experimentEntity(table);
  const attempts = lazy(() => attemptEntity(table));
  const progress = lazy(() => progressEntity(table));
  const events = lazy(() => eventEntity(table));
  const consistent = { consistent: true } as const;

  /** @throws ExperimentNotFound for a malformed, a missing and a foreign id alike */
  const get = async (tenant: string, id: string | undefined): Promise<ExperimentItem> => {
    const known = experimentId.safeParse(id);
    const found = known.success ? (await experiments.get({ id: known.data }).go(consistent)).data : null;
    if (found?.tenant !== tenant) throw new ExperimentNotFound();
    return found;
  };

  const attemptsOf = async (experimentId: string): Promise<AttemptItem[]> =>
    (
      await attempts()
        .query.ofExperiment({ experimentId })
        .go({ ...consistent, pages: 'all' })
    ).data;

  const withDetails = async (experiment: ExperimentItem): Promise<ExperimentView> => {
    const key = { experimentId: experiment.id };
    const [latest, tried] = await Promise.all([progress().get(key).go(consistent), attemptsOf(experiment.id)]);
    return viewOf(experiment, { progress: latest.data ?? undefined, attempts: tried });
  };

  /** Reads the attempts, and shows any later state of the experiment with them: for a run that has no progress yet. */
  const viewWithAttempts = async (experimentId: string): Promise<(experiment: ExperimentItem) => ExperimentView> => {
    const tried = await attemptsOf(experimentId);
    return (experiment) => viewOf(experiment, { attempts: tried });
  };

  /** Newest first, `limit` at most, older than `before`. */
  const newest = async (
    tenant: string,
    { status, before, limit }: { status?: ExperimentStatus | undefined; before?: Position | undefined; limit: number },
  ): Promise<ExperimentItem[]> => {
    const options = { order: 'desc', limit, count: limit } as const;
    if (status === undefined) {
      const query = experiments.query.newest({ tenant });
      return (await (before === undefined ? query : query.lt(before)).go(options)).data;
    }
    const query = experiments.query.newestByStatus({ tenant, status });
    return (await (before === undefined ? query : query.lt(before)).go(options)).data;
  };

  /** Oldest first, `limit` at most, later than `after`. */
  const history = async (
    experimentId: string,
    { after, limit }: { after?: { at: string; id: string } | undefined; limit: number },
  ): Promise<EventItem[]> => {
    const query = events().query.ofExperiment({ experimentId });
    const later = after === undefined ? query : query.between({ at: after.at, id: `${after.id}${JUST_AFTER}` }, END_OF_EVENTS);
    return (await later.go({ ...consistent, limit, count: limit })).data;
  };

  return { get, withDetails, viewWithAttempts, newest, history };
};
