import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../../functions/shared/contracts/experiment-view.ts';
import { type Api, ApiRefusal } from '../../local/client/api.ts';
import type { Experiment, Problem } from '../../local/client/api-types.ts';
import { uploadFiles } from '../../local/client/upload-files.ts';
import type { Start } from '../../local/drill/debug-model.ts';

/** Many tests ask the same API, which has to leave the machine to the stages. */
const POLL_MS = 1000;

type Overrides = {
  name?: string;
  task?: 'image-ordinal';
  train?: Record<string, unknown>;
  quantize?: Record<string, unknown>;
  gates?: Record<string, unknown>;
  dataset?: Record<string, unknown>;
};

/** A spec that trains for seconds; what a test is about goes into the overrides. */
export const anExperiment = async (api: Api, start: Start, overrides: Overrides = {}) => {
  const dataset = await uploadFiles(api, start.file);
  const base = await uploadFiles(api, start.baseModel);
  return {
    name: overrides.name ?? 'small',
    ...(overrides.task ? { task: overrides.task } : {}),
    model: { name: 'small', base: base.uri },
    dataset: {
      name: 'slice',
      source: dataset.uri,
      columns: { label: 'label', group: start.group },
      labels: { values: start.values },
      split: { validation: 0.1, test: 0.31, seed: 7 },
      ...overrides.dataset,
    },
    train: { maxRows: 320, epochs: 1, maxLength: 48, threads: 1, checkpointEverySeconds: 1, ...overrides.train },
    ...(overrides.quantize ? { quantize: overrides.quantize } : {}),
    ...(overrides.gates ? { gates: overrides.gates } : {}),
  };
};

/** Asks until the experiment is as wanted; fails with what it is instead once it has ended otherwise. */
export const until = async (api: Api, id: string, wanted: (experiment: Experiment) => boolean): Promise<Experiment> => {
  for (;;) {
    const experiment = await api.experiment(id);
    if (wanted(experiment)) return experiment;
    if (isFinal(experiment.status)) throw new Error(`${id} ended ${experiment.status}: ${JSON.stringify(experiment.failure)}`);
    await sleep(POLL_MS);
  }
};

/** Waits for the end, whatever it is. */
export const ended = async (api: Api, id: string): Promise<Experiment> => {
  for (;;) {
    const experiment = await api.experiment(id);
    if (isFinal(experiment.status)) return experiment;
    await sleep(POLL_MS);
  }
};

/** The problem document of a call that is refused. */
export const refusalOf = async (call: Promise<unknown>): Promise<Problem> => {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof ApiRefusal)) throw new Error(`expected a problem document, got ${JSON.stringify(outcome)}`);
  return outcome.problem;
};
