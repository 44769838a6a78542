import { setTimeout } from 'node:timers/promises';
import { createWriteTransaction } from 'electrodb';
import { isTransient } from '../shared/aws-errors.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { UnexpectedAnswer } from '../shared/errors.ts';
import { modelVersionCounterEntity, modelVersionEntity } from '../shared/table/model-version.ts';
import type { Table } from '../shared/table/table.ts';

export type ModelVersions = ReturnType<typeof modelVersions>;
type Taker = { tenant: string; model: string; experimentId: string };

/** Each lost race means that somebody else took a version; twenty experiments of one model bundling at the same moment still get theirs. */
const TRIES = 30;
const PAUSE_MILLISECONDS = 20;

/** Integers per (tenant, model), each taken by one experiment. Counter and taking are one transaction; a version that is never bundled is a gap. */
export const modelVersions = (table: Table, clock: Clock = systemClock) => {
  const counters = modelVersionCounterEntity(table);
  const versions = modelVersionEntity(table);

  const tryNext = async ({ tenant, model, experimentId }: Taker): Promise<number | undefined> => {
    const last = (await counters.get({ tenant, model }).go({ consistent: true })).data?.last ?? 0;
    const version = last + 1;
    try {
      const { canceled } = await createWriteTransaction({ counters, versions }, ({ counters, versions }) => [
        counters
          .put({ tenant, model, last: version })
          .where((stored, { eq, notExists }) => (last === 0 ? notExists(stored.last) : eq(stored.last, last)))
          .commit(),
        versions.create({ tenant, model, experimentId, version, takenAt: instantOf(clock.now()) }).commit(),
      ]).go();
      return canceled ? undefined : version;
    } catch (error) {
      if (isTransient(error)) return undefined;
      throw error;
    }
  };

  /**
   * The experiment's version of this model: the one it took before, else the next.
   * @throws UnexpectedAnswer after thirty lost races
   */
  const take = async (taker: Taker): Promise<number> => {
    for (let tries = 1; tries <= TRIES; tries++) {
      const taken = (await versions.get(taker).go({ consistent: true })).data?.version;
      if (taken !== undefined) return taken;
      const version = await tryNext(taker);
      if (version !== undefined) return version;
      await setTimeout(Math.random() * PAUSE_MILLISECONDS * tries);
    }
    throw new UnexpectedAnswer(`No version of ${taker.model} could be taken: ${TRIES} others were faster.`);
  };

  return { take };
};
