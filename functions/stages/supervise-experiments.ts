import { documentClient, ecsClient } from '../shared/clients.ts';
import { eventHandler, logger } from '../shared/handlers.ts';
import { UNKNOWN_EXECUTION } from './execution-view.ts';
import { jobsAlive } from './find-jobs.ts';
import { type Gathered, gatherAll } from './gather.ts';
import { hostStore } from './host-store.ts';
import type { JobView } from './job-view.ts';
import { OBSERVER_ENVIRONMENT, type Observer, observer, settle } from './observer.ts';
import type { QueueView } from './queue-view.ts';
import { NO_PROGRESS } from './reconcile.ts';
import { type HostWatch, watchHosts } from './watch-hosts.ts';
import { type QueueWatch, queueWatch } from './watch-queues.ts';

export const environment = OBSERVER_ENVIRONMENT;

/** At once: each takes about ten calls, most of them to Batch, whose ListJobs allows some tens a second. */
const AT_ONCE = 4;

/** Jobs alive whose experiment is over, or never was. */
const leftBehind = async ({ store, clock }: Observer, experimentId: string, jobs: readonly JobView[]): Promise<Gathered> => {
  const asOf = clock.now();
  const experiment = await store.experiments.get(experimentId);
  const attempts = experiment ? await store.attemptsOf(experimentId, experiment.run) : [];
  return {
    asOf,
    experiment,
    stored: { experiment, attempts },
    batch: { jobs, complete: false },
    execution: UNKNOWN_EXECUTION,
    progress: NO_PROGRESS,
  };
};

/** Why a job waits is good to know; the rest of the supervision does not depend on it. */
const tryToWatch =
  (watch: QueueWatch) =>
  async (job: JobView): Promise<QueueView | undefined> => {
    try {
      return await watch(job);
    } catch (error) {
      logger.warn('could not look at a queue', { queue: job.queue, error: error as Error });
      return undefined;
    }
  };

/**
 * The safety net, once a minute: looks at every experiment that is not over and at every job that is alive. One experiment that cannot be
 * looked at does not keep the others waiting.
 * @throws AggregateError of what went wrong, after all have been looked at
 */
export const superviseExperiments = async (_event: unknown, observer: Observer): Promise<void> => {
  const errors: unknown[] = [];
  const note = (what: string, error: unknown, about: object = {}): void => {
    logger.error(what, { ...about, error: error as Error });
    errors.push(error);
  };
  // Before the experiments, so that the job of one that is submitted meanwhile is not taken for nobody's.
  const alive = await jobsAlive(observer.batch, observer.queues).catch((error: unknown) => {
    note('could not look for jobs that nobody waits for', error);
    return [];
  });
  const active = await observer.store.experiments.active();
  const known = new Set(active.map(({ id }) => id));
  const strays = Map.groupBy(
    alive.filter(({ at }) => !known.has(at.experimentId)),
    ({ at }) => at.experimentId,
  );
  const queueOf = tryToWatch(queueWatch(observer.batch, observer.clock));
  const looks: [string, () => Promise<Gathered>][] = [
    ...active.map(({ id, run }): [string, () => Promise<Gathered>] => [
      id,
      () => gatherAll(observer, { experimentId: id, run }, UNKNOWN_EXECUTION, queueOf),
    ]),
    ...[...strays].map(([id, jobs]): [string, () => Promise<Gathered>] => [id, () => leftBehind(observer, id, jobs)]),
  ];
  const work = looks.values();
  const worker = async (): Promise<void> => {
    for (const [experimentId, look] of work) {
      try {
        const actions = await settle(observer, await look());
        if (actions.length > 0) logger.info('supervised', { experimentId, actions });
      } catch (error) {
        note('could not supervise', error, { experimentId });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (errors.length > 0)
    throw new AggregateError(
      errors,
      `${errors.length} of ${looks.length + 1} looks failed, the first with: ${(errors[0] as Error).message}`,
    );
};

type Round = { observer: Observer; hosts: HostWatch };

/** The minute's round: experiments and jobs, then the instances that were given back. Neither keeps the other from being looked at. */
export const supervise = async (event: unknown, { observer, hosts }: Round): Promise<void> => {
  const rounds = await Promise.allSettled([superviseExperiments(event, observer), watchHosts(hosts)]);
  const [failed, another] = rounds.flatMap((round) => (round.status === 'rejected' ? [round.reason as Error] : []));
  if (another) logger.error('could not look after the instances', { error: another });
  if (failed) throw failed;
};

export const handler = eventHandler(
  environment,
  (env): Round => {
    const seen = observer(env);
    const hosts = hostStore({ client: documentClient(), table: env.TABLE_NAME });
    return { observer: seen, hosts: { ...seen, experiments: seen.store.experiments, hosts, ecs: ecsClient() } };
  },
  supervise,
);
