/** A body of `POST /v1/experiments` that a deployment with the open data of `an-experiment.ts` admits. */
export const aSubmission = (changes: { dataset?: object; [field: string]: unknown } = {}) => ({
  name: 'first-try',
  model: { name: 'sentiment', base: 's3://open-models/minilm/' },
  ...changes,
  dataset: { name: 'ratings', source: 's3://open-data/ratings/', labels: { values: [-1, 0, 1] }, ...changes.dataset },
});
