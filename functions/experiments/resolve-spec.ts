import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { CompleteRequest } from './dataset-source.ts';

export type Pins = ResolvedSpec['pins'];

/** The request with its defaults, frozen together with who asked, when, and everything it was pinned to. */
export const resolveSpec = (
  request: CompleteRequest,
  identity: { experimentId: string; tenant: string; createdAt: string },
  pins: Pins,
): ResolvedSpec => {
  const { maxRows, ...train } = request.train;
  return {
    schemaVersion: SCHEMA_VERSION,
    ...identity,
    ...request,
    train: { ...train, ...(maxRows === undefined ? {} : { maxRows }) },
    pins,
  };
};

/** The first state of an experiment. */
export const newExperiment = (spec: ResolvedSpec): ExperimentItem => ({
  id: spec.experimentId,
  tenant: spec.tenant,
  name: spec.name,
  model: spec.model.name,
  dataset: spec.dataset.name,
  status: 'queued',
  run: 1,
  revision: 1,
  createdAt: spec.createdAt,
  updatedAt: spec.createdAt,
  spec,
});
