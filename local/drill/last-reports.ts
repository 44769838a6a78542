import { ATTEMPT_DOCUMENTS } from '../../functions/shared/contracts/names.ts';
import { stageProgress } from '../../functions/shared/contracts/stage-documents.ts';
import type { Api } from '../client/api.ts';
import type { Experiment } from '../client/api-types.ts';
import { type Sample, sampleOf } from './figures.ts';

/** The last report of each attempt of train, out of its progress.json, as of its end: the events that told of it may be lost. */
export const lastReports = async (api: Api, { id, attempts }: Experiment): Promise<Sample[]> => {
  const documents = (await api.artifacts(id)).filter(
    ({ kind, name }) => kind === 'document' && name.startsWith('train/') && name.endsWith(`/${ATTEMPT_DOCUMENTS.progress}`),
  );
  const reports = await Promise.all(documents.map(async ({ url }) => stageProgress.parse(await (await fetch(url)).json())));
  return reports.flatMap((report) => {
    const of = attempts.find(({ run, stage, attempt }) => run === report.run && stage === 'train' && attempt === report.attempt);
    return of?.stoppedAt ? [sampleOf(report, Date.parse(of.stoppedAt))] : [];
  });
};
