import type { Stage } from '../../functions/shared/contracts/names.ts';
import type { Api } from '../client/api.ts';
import { uploadFiles } from '../client/upload-files.ts';
import type { Start } from './debug-model.ts';

/** Checkpoints of a drill are due this often, which is as often as the API allows. */
export const CHECKPOINT_SECONDS = 1;
const EPOCHS = 8;
const BATCH_SIZE = 16;
const ROWS = 1200;
/** Optimiser steps of a drill's training. */
export const TRAIN_STEPS = EPOCHS * Math.ceil(ROWS / BATCH_SIZE);

/** Uploads once; every experiment of a drill starts from the same two. */
export const uploadStart = async (api: Api, { file, baseModel }: Start): Promise<{ dataset: string; base: string }> => {
  const [dataset, base] = await Promise.all([uploadFiles(api, file), uploadFiles(api, baseModel)]);
  return { dataset: dataset.uri, base: base.uri };
};

type Uploads = Awaited<ReturnType<typeof uploadStart>>;

/**
 * The spec of a drill. All have the same recipe, so that all trainings must end with the same weights. Its name asks for stand-ins of the
 * stages after `real` (local/drill/stand-ins).
 */
export const debugSpec = (uploads: Uploads, { values, group }: Start, real: Stage, maxAttempts: number) => ({
  name: `until-${real}`,
  model: { name: 'drill', base: uploads.base },
  dataset: {
    name: 'drill',
    source: uploads.dataset,
    columns: { group },
    labels: { values },
    split: { validation: 0.1, test: 0.3, seed: 7 },
  },
  train: {
    epochs: EPOCHS,
    batchSize: BATCH_SIZE,
    maxRows: ROWS,
    maxLength: 48,
    learningRate: 2e-3,
    threads: 1,
    checkpointEverySeconds: CHECKPOINT_SECONDS,
  },
  compute: { maxAttempts },
});
