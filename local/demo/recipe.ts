import { join } from 'node:path';
import { DOT } from '../tier/paths.ts';

/** What set-up fetched: see local/setup/demo_data.py. */
export const DATA = {
  ratings: join(DOT, 'demo-data/ratings.csv'),
  baseModel: join(DOT, 'demo-data/base-model'),
};

/** Texts that no training saw, one per mood, to show what the released model says. */
export const EXAMPLE_TEXTS = [
  'The battery died after two days and support never answered.',
  'It arrived on Tuesday in a brown box.',
  'What a beautiful, funny film; I have already seen it twice!',
];

/** The body of the demo's POST /v1/experiments; everything that is not said here is the API's default. */
export const demoSpec = (dataset: { uri: string; sha256: string }, base: { uri: string }) => ({
  name: 'sentiment',
  model: { name: 'sentiment', base: base.uri },
  dataset: {
    name: 'ratings',
    source: dataset.uri,
    sha256: dataset.sha256,
    columns: { text: 'text', label: 'label', group: 'document' },
    labels: { values: [-3, -2, -1, 0, 1, 2, 3] },
    // About 650 and 1,300 of 18,513 rows: more than the gates need, and each of them is scored by four stages.
    split: { validation: 0.035, test: 0.07, seed: 13 },
  },
  // One pass at twice the default rate, which costs half of two passes at the default and 2 to 4 points of MAE.
  train: { maxRows: 3200, epochs: 1, learningRate: 1e-4 },
});
