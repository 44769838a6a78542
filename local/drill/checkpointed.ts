import type { Api } from '../client/api.ts';

const COMMITTED = '/COMMITTED';

/** Whether a checkpoint of this experiment is committed, so that there is something to resume from. */
export const isCheckpointed = async (api: Api, id: string): Promise<boolean> =>
  (await api.artifacts(id)).some(({ kind, name }) => kind === 'checkpoint' && name.endsWith(COMMITTED));
