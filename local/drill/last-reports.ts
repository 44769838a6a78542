import { ATTEMPT_DOCUMENTS } from '../../functions/shared/contracts/names.ts';
import { stageProgress } from '../../functions/shared/contracts/stage-documents.ts';
import type { Api } from '../client/api.ts';
import { type Sample, sampleOf } from './figures.ts';

/** The last report of each attempt of train in the first run, out of its progress.json: the events that told of it may be lost. */
export const lastReports = async (api: Api, id: string): Promise<Sample[]> => {
  const reports = (await api.artifacts(id)).filter(
    ({ kind, name }) => kind === 'document' && name.startsWith('train/r1-') && name.endsWith(`/${ATTEMPT_DOCUMENTS.progress}`),
  );
  return Promise.all(reports.map(async ({ url }) => sampleOf(stageProgress.parse(await (await fetch(url)).json()))));
};
