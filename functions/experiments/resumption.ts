import { STAGES, type Stage } from '../shared/contracts/names.ts';
import type { StageSummaries } from '../shared/contracts/stage-documents.ts';
import { ExperimentNotResumable } from '../shared/errors.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { ExperimentChange } from './experiment-store.ts';

/** Stages whose results still hold, first ones first, and why the one after them does not: undefined when nothing of it was stored. */
export type FinishedStages = {
  manifests: Partial<Record<Stage, string>>;
  broken?: { stage: Stage; because: string } | undefined;
};

type StatusThatStays = Exclude<ExperimentItem['status'], 'failed' | 'cancelled'>;

const WHY_NOT: Record<StatusThatStays, string> = {
  queued: 'it is queued already and will run by itself',
  running: 'it is running; cancel it first if you want it to start again',
  cancelling: 'it is still being cancelled; ask again once it is cancelled',
  succeeded: 'it has succeeded, and there is nothing left to do',
  rejected: 'a gate said no to its model, and the same run would only be told so again; change the spec and submit it anew',
};

/** @throws ExperimentNotResumable unless the experiment has failed or was cancelled */
export const assertResumable = ({ status }: Pick<ExperimentItem, 'status'>): void => {
  if (status !== 'failed' && status !== 'cancelled') throw new ExperimentNotResumable(status, WHY_NOT[status]);
};

const among = (summaries: StageSummaries, stages: readonly Stage[]): StageSummaries =>
  Object.fromEntries(Object.entries(summaries).filter(([name]) => stages.some((stage) => stage === name)));

const told = (run: number, kept: readonly Stage[], broken: FinishedStages['broken']): string => {
  const first = STAGES[kept.length];
  const start = first === undefined ? 'Every stage is done.' : `It starts with ${first}.`;
  const keeps = kept.length === 0 ? 'Nothing of earlier runs is used.' : `Kept: ${kept.join(', ')}.`;
  return `Resumed as run ${run}. ${start} ${keeps}${broken ? ` ${broken.stage} runs again: ${broken.because}.` : ''}`;
};

/**
 * The next run of an experiment: queued, with what still holds of the earlier ones. Attempts stay; what was said of the old run goes.
 * @throws ExperimentNotResumable
 */
export const resumption = (experiment: ExperimentItem, { manifests, broken }: FinishedStages): ExperimentChange => {
  assertResumable(experiment);
  const run = experiment.run + 1;
  const kept = STAGES.filter((stage) => manifests[stage] !== undefined);
  return {
    status: 'queued',
    patch: {
      run,
      inputs: manifests,
      stages: among(experiment.stages ?? {}, kept),
      failure: null,
      waiting: null,
      stage: null,
      current: null,
      startedAt: null,
      endedAt: null,
    },
    events: [{ type: 'experiment.queued', message: told(run, kept, broken) }],
  };
};
