import { bundleHandlers } from './handler-bundles.ts';

/** Every Lambda of the deployment: files below functions/. */
export const HANDLERS = [
  'datasets/create-dataset',
  'datasets/create-dataset-version',
  'datasets/create-upload',
  'datasets/get-dataset',
  'datasets/get-dataset-version',
  'datasets/list-dataset-versions',
  'datasets/list-datasets',
  'datasets/record-preparation',
  'datasets/track-preparation',
  'experiments/create-experiment',
  'experiments/list-experiments',
  'experiments/get-experiment',
  'experiments/list-events',
  'experiments/list-artifacts',
  'experiments/cancel-experiment',
  'experiments/resume-experiment',
  'experiments/publish-changes',
  'health/get-health',
  'health/refuse-unknown-route',
  'models/take-model-version',
  'rehearsals/find-subjects',
  'rehearsals/publish-report',
  'spot-checks/find-releases',
  'spot-checks/publish-spot-check',
  'stages/confirm-release',
  'stages/record-failure',
  'stages/record-progress',
  'stages/redrive-events',
  'stages/supervise-experiments',
  'stages/track-execution',
  'stages/track-job',
] as const;
export type HandlerName = (typeof HANDLERS)[number];

let bundles: Record<string, string> | undefined;

/** The directory of a handler's code. Built once a process, all at once. */
export const bundleOf = (handler: HandlerName): string => {
  bundles ??= bundleHandlers(HANDLERS);
  return bundles[handler] ?? '';
};
