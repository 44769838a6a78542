import * as z from 'zod';
import { batchClient, documentClient, s3Client, stepFunctionsClient } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { ConcurrentChange, PinsChanged } from '../shared/errors.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { idempotencyKeyOf, replayOf } from '../shared/idempotency.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify, parseBody } from '../shared/request.ts';
import { requestHash } from '../shared/request-hash.ts';
import { type Executions, executions } from './executions.ts';
import { type ExperimentReader, experimentReader } from './experiment-reader.ts';
import { type ExperimentStore, experimentStore } from './experiment-store.ts';
import { type FinishedStageReader, finishedStageReader } from './finished-stage-reader.ts';
import { pinDifferences } from './pin-differences.ts';
import { type PinReader, pinReader } from './pin-reader.ts';
import { assertResumable, resumption } from './resumption.ts';
import { specStore } from './spec-store.ts';
import { tryToStartRun } from './start-run.ts';
import { type SubmissionStore, submissionStore } from './submission-store.ts';

export const environment = [
  ...(['TABLE_NAME', 'EXPERIMENTS_BUCKET', 'STATE_MACHINE_ARN', ...CALLER_VARIABLES] as const),
] as const;

const ROUTE = 'POST-experiments-resume';

export type Services = {
  reader: ExperimentReader;
  store: ExperimentStore;
  submissions: Pick<SubmissionStore, 'findKey'>;
  pins: PinReader;
  finished: FinishedStageReader;
  runs: Executions;
  clock: Clock;
  claims: ClaimNames;
};

/**
 * `POST /v1/experiments/{id}/resume`: the next run of an experiment that failed or was cancelled, with what it was pinned to at submit.
 * It starts with the first stage whose stored result does not hold.
 */
export const resumeExperiment = async (event: HttpEvent, services: Services): Promise<HttpAnswer> => {
  const { reader, store, submissions, pins, finished, clock, claims } = services;
  const { tenant } = identify(event, claims);
  const key = idempotencyKeyOf(event);
  if (event.body) parseBody(event, z.strictObject({}));
  const experiment = await reader.get(tenant, event.pathParameters?.id);
  const { id } = experiment;
  const requestSha256 = requestHash({ id });
  const replay = async (): Promise<HttpAnswer | undefined> => {
    const known = key === undefined ? undefined : await submissions.findKey({ tenant, route: ROUTE, key });
    return known && replayOf(known, requestSha256);
  };
  const before = await replay();
  if (before) return before;

  assertResumable(experiment);
  const [differences, stages] = await Promise.all([
    pins.read(experiment.spec).then((found) => pinDifferences(experiment.spec, found)),
    finished.read(experiment),
  ]);
  if (differences.length > 0) throw new PinsChanged(differences);

  const viewOf = await reader.viewWithAttempts(id);
  const status = 202;
  const location = `/v1/experiments/${id}`;
  try {
    const resumed = await store.write(experiment, resumption(experiment, stages), (changed) =>
      key === undefined
        ? undefined
        : {
            ...{ tenant, route: ROUTE, key, requestSha256, createdAt: instantOf(clock.now()) },
            ...{ status, location, body: JSON.stringify(viewOf(changed)) },
          },
    );
    await tryToStartRun(services, resumed);
    return { status, body: JSON.stringify(viewOf(resumed)), headers: { location } };
  } catch (error) {
    if (!(error instanceof ConcurrentChange)) throw error;
    // Somebody else resumed it, with this key or without: what they left behind is the answer.
    const first = await replay();
    if (first) return first;
    assertResumable(await reader.get(tenant, id));
    throw error;
  }
};

export const handler = httpHandler(
  environment,
  (env): Services => {
    const table = { client: documentClient(), table: env.TABLE_NAME };
    const s3 = s3Client();
    return {
      reader: experimentReader(table),
      store: experimentStore(table),
      submissions: submissionStore(table),
      pins: pinReader(batchClient(), specStore(s3, env.EXPERIMENTS_BUCKET)),
      finished: finishedStageReader(s3, env.EXPERIMENTS_BUCKET),
      runs: executions(stepFunctionsClient(), env.STATE_MACHINE_ARN),
      clock: systemClock,
      claims: env,
    };
  },
  resumeExperiment,
);
