import { documentClient, stepFunctionsClient } from '../shared/clients.ts';
import { isFinal } from '../shared/contracts/experiment-view.ts';
import { ExperimentFinished } from '../shared/errors.ts';
import { type HttpAnswer, type HttpEvent, httpHandler, logger } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify } from '../shared/request.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import { type Executions, executions } from './executions.ts';
import { type ExperimentReader, experimentReader } from './experiment-reader.ts';
import { type ExperimentChange, type ExperimentStore, experimentStore } from './experiment-store.ts';

export const environment = ['TABLE_NAME', 'STATE_MACHINE_ARN', ...CALLER_VARIABLES] as const;

/**
 * What a wish to cancel changes: nothing when it was granted before.
 * @throws ExperimentFinished when there is nothing left to cancel
 */
export const cancellation = ({ status }: Pick<ExperimentItem, 'status'>): ExperimentChange | undefined => {
  if (status === 'cancelling' || status === 'cancelled') return undefined;
  if (isFinal(status)) throw new ExperimentFinished(status);
  return {
    status: 'cancelling',
    patch: { waiting: null },
    events: [{ type: 'experiment.cancelling', message: 'Cancelling was asked for.' }],
  };
};

/** The answer is promised within two seconds, and the wish is recorded by now. */
const STOP_MILLISECONDS = 1_000;

type Services = { reader: ExperimentReader; store: ExperimentStore; runs: Executions; claims: ClaimNames };

/**
 * `DELETE /v1/experiments/{id}`: records the wish, stops the execution. Jobs are ended and `cancelled` is written by the reconciler, which
 * also repeats the stop should it fail here.
 */
export const cancelExperiment = async (event: HttpEvent, { reader, store, runs, claims }: Services): Promise<HttpAnswer> => {
  const { tenant } = identify(event, claims);
  const { id } = await reader.get(tenant, event.pathParameters?.id);
  const experiment = await store.change(id, cancellation);
  if (experiment.status === 'cancelling') {
    try {
      await runs.stop(id, experiment.run, 'Cancelled by its owner.', AbortSignal.timeout(STOP_MILLISECONDS));
    } catch (error) {
      logger.warn('the execution could not be stopped; the supervisor will', { experimentId: id, error: error as Error });
    }
  }
  return { status: experiment.status === 'cancelled' ? 200 : 202, body: await reader.withDetails(experiment) };
};

export const handler = httpHandler(
  environment,
  (env) => {
    const table = { client: documentClient(), table: env.TABLE_NAME };
    const runs = executions(stepFunctionsClient(), env.STATE_MACHINE_ARN);
    return { reader: experimentReader(table), store: experimentStore(table), runs, claims: env };
  },
  cancelExperiment,
);
