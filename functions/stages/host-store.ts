import { type HostItem, hostEntity } from '../shared/table/host.ts';
import type { Table } from '../shared/table/table.ts';

export type HostStore = ReturnType<typeof hostStore>;

/** Instances that attempts have given back, until it is known what became of them. */
export const hostStore = (table: Table) => {
  const hosts = hostEntity(table);

  /** Asked again for the same job, it changes nothing. @returns whether it was new */
  const watch = async (host: Omit<HostItem, 'state'>): Promise<boolean> => {
    const { rejected } = await hosts.create({ ...host, state: 'watched' }).go({ returnOnConditionCheckFailure: 'all_old' });
    return !rejected;
  };

  const watched = async (): Promise<HostItem[]> => (await hosts.query.watched({ state: 'watched' }).go({ pages: 'all' })).data;

  /** @returns false when it had been settled before */
  const settle = async ({ experimentId, run, jobId, freeSince }: HostItem, state: 'left' | 'reused'): Promise<boolean> => {
    const { rejected } = await hosts
      .patch({ experimentId, run, jobId })
      .set({ state })
      .composite({ freeSince })
      .where((stored, { eq }) => eq(stored.state, 'watched'))
      .go({ returnOnConditionCheckFailure: 'all_old' });
    return !rejected;
  };

  return { watch, watched, settle };
};
