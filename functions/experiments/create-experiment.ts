import { typeid } from 'typeid-js';
import { type DatasetStore, datasetStore } from '../datasets/dataset-store.ts';
import { knownUploads } from '../datasets/known-uploads.ts';
import { type UploadStore, uploadStore } from '../datasets/upload-store.ts';
import { documentClient, s3Client, stepFunctionsClient } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { type ExperimentRequest, experimentRequest } from '../shared/contracts/experiment-spec.ts';
import { InvalidRequest } from '../shared/errors.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { idempotencyKeyOf, replayOf } from '../shared/idempotency.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { identify, parseBody } from '../shared/request.ts';
import { requestHash } from '../shared/request-hash.ts';
import { admissionProblems, type PrecisionLimits } from './admission.ts';
import { type ComputePins, computeProfiles } from './compute-profiles.ts';
import { type CompleteRequest, findDataset } from './dataset-source.ts';
import { type Executions, executions } from './executions.ts';
import { type ExperimentStore, experimentStore } from './experiment-store.ts';
import { viewOf } from './experiment-view.ts';
import { newExperiment, type Pins, resolveSpec } from './resolve-spec.ts';
import { type SpecStore, specStore } from './spec-store.ts';
import { tryToStartRun } from './start-run.ts';
import { type SubmissionStore, submissionStore } from './submission-store.ts';

export const environment = [
  ...(['TABLE_NAME', 'DATASETS_BUCKET', 'EXPERIMENTS_BUCKET', 'STATE_MACHINE_ARN', 'PROFILES', 'JOB_DEFINITIONS'] as const),
  ...(['PROFILE_VARIANTS', 'ALLOWED_SOURCES', 'PRICES', 'GIT_SHA', 'PRECISION_LIMITS', ...CALLER_VARIABLES] as const),
] as const;

const ROUTE = 'POST-experiments';

export type Services = {
  submissions: SubmissionStore;
  store: ExperimentStore;
  uploads: UploadStore;
  datasets: Pick<DatasetStore, 'get' | 'findVersion'>;
  specs: Pick<SpecStore, 'freeze'>;
  runs: Executions;
  deployment: {
    profiles: Readonly<Record<string, ComputePins>>;
    allowedSources: readonly string[];
    precisionLimits: PrecisionLimits;
    prices: Pins['prices'];
    gitSha: string;
  };
  claims: ClaimNames;
  clock: Clock;
  newId: () => string;
};

type Admitted = { request: CompleteRequest; pins: Pins };

/** @throws InvalidRequest naming everything that this deployment, the tenant's uploads and its datasets do not allow */
const admit = async (
  asked: ExperimentRequest,
  tenant: string,
  { uploads, datasets, deployment }: Services,
): Promise<Admitted> => {
  const found = await findDataset(asked, tenant, datasets);
  if ('problems' in found) throw new InvalidRequest(found.problems);
  const request = { ...asked, dataset: found.dataset };
  const known = await knownUploads(uploads, tenant, [request.dataset.source, request.model.base]);
  const compute = Object.hasOwn(deployment.profiles, request.compute.profile) && deployment.profiles[request.compute.profile];
  const problems = admissionProblems(request, known, { ...deployment, profiles: Object.keys(deployment.profiles) });
  if (problems.length > 0 || !compute) throw new InvalidRequest(problems);
  const baseModelSha256 = known.get(request.model.base)?.sha256;
  const datasetSha256 = known.get(request.dataset.source)?.sha256 ?? request.dataset.sha256;
  const pins = {
    gitSha: deployment.gitSha,
    ...compute,
    ...(baseModelSha256 === undefined ? {} : { baseModelSha256 }),
    ...(datasetSha256 === undefined ? {} : { datasetSha256 }),
    prices: deployment.prices,
  };
  return { request, pins };
};

/** `POST /v1/experiments` */
export const createExperiment = async (event: HttpEvent, services: Services): Promise<HttpAnswer> => {
  const { submissions, specs, clock, claims, newId } = services;
  const { tenant } = identify(event, claims);
  const key = idempotencyKeyOf(event);
  const request = parseBody(event, experimentRequest);
  const requestSha256 = requestHash(request);
  const known = key === undefined ? undefined : await submissions.findKey({ tenant, route: ROUTE, key });
  if (known) return replayOf(known, requestSha256);

  const createdAt = instantOf(clock.now());
  const admitted = await admit(request, tenant, services);
  const spec = resolveSpec(admitted.request, { experimentId: newId(), tenant, createdAt }, admitted.pins);
  const experiment = newExperiment(spec);
  const answer = { status: 201, body: JSON.stringify(viewOf(experiment)), location: `/v1/experiments/${experiment.id}` };
  await specs.freeze(spec);
  const first = await submissions.store(
    experiment,
    key === undefined ? undefined : { tenant, route: ROUTE, key, requestSha256, createdAt, ...answer },
  );
  if (first) return replayOf(first, requestSha256);
  await tryToStartRun(services, experiment);
  return { status: answer.status, body: answer.body, headers: { location: answer.location } };
};

export const handler = httpHandler(
  environment,
  (env): Services => {
    const table = { client: documentClient(), table: env.TABLE_NAME };
    const s3 = s3Client();
    return {
      submissions: submissionStore(table),
      store: experimentStore(table),
      uploads: uploadStore(table, s3, env.DATASETS_BUCKET),
      datasets: datasetStore(table),
      specs: specStore(s3, env.EXPERIMENTS_BUCKET),
      runs: executions(stepFunctionsClient(), env.STATE_MACHINE_ARN),
      deployment: {
        profiles: computeProfiles(env.PROFILES, env.JOB_DEFINITIONS, env.PROFILE_VARIANTS),
        allowedSources: env.ALLOWED_SOURCES,
        precisionLimits: env.PRECISION_LIMITS,
        prices: env.PRICES,
        gitSha: env.GIT_SHA,
      },
      claims: env,
      clock: systemClock,
      newId: () => typeid('exp').toString(),
    };
  },
  createExperiment,
);
