import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import {
  datasetPage,
  datasetRequest,
  datasetVersionPage,
  datasetVersionRequest,
  datasetVersionView,
  datasetView,
} from '../../functions/shared/contracts/dataset-view.ts';
import { experimentRequest } from '../../functions/shared/contracts/experiment-spec.ts';
import {
  artifactPage,
  experimentEventPage,
  experimentPage,
  experimentStatus,
  experimentView,
  problem,
} from '../../functions/shared/contracts/experiment-view.ts';
import { experimentId, gitSha, name, versionReference } from '../../functions/shared/contracts/primitives.ts';
import { uploadRequest, uploadResponse } from '../../functions/shared/contracts/upload.ts';

const PROBLEMS = {
  400: 'Malformed JSON or a malformed Idempotency-Key.',
  401: "No token, or one that the gateway does not accept. The body is the gateway's own.",
  403: 'Not an ID token, or one without tenant.',
  404: 'Nothing of yours with that name or id.',
  409: 'It contradicts what is stored: another request under this Idempotency-Key, a dataset of that name with another schema, an experiment that is over (or is not, where that is asked for), or one whose pins have changed: `errors` names each, with what was expected and found.',
  413: 'A body of more than 256 KiB.',
  415: 'Not application/json.',
  422: 'Well formed, but not acceptable: `errors` names each field and what was expected.',
  503: 'Busy. Try again after the seconds in Retry-After.',
} as const;
type ProblemStatus = keyof typeof PROBLEMS;
type Responses = ZodOpenApiOperationObject['responses'];

const json = (
  description: string,
  schema: z.ZodType,
  headers?: ZodOpenApiResponseObject['headers'],
): ZodOpenApiResponseObject => ({
  description,
  content: { 'application/json': { schema } },
  ...(headers === undefined ? {} : { headers }),
});

const refusals = (...statuses: ProblemStatus[]): Responses =>
  Object.fromEntries(
    [401, 403, ...statuses, 503].map((status) => [
      status,
      status === 401
        ? { description: PROBLEMS[status] }
        : { description: PROBLEMS[status as ProblemStatus], content: { 'application/problem+json': { schema: problem } } },
    ]),
  );

const path = z.object({ id: experimentId });
const datasetPath = z.object({ name });
const versionPath = z.object({ name, version: versionReference });
const page = (byDefault: number) => ({
  limit: z.int().min(1).max(100).default(byDefault).meta({ description: 'Items on a page.' }),
  cursor: z.string().optional().meta({ description: '`next` of the page before.' }),
});

const idempotencyKey = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .meta({ description: 'The same key and body get the first answer again, however often they are sent.' }),
});
const locationHeader = z.object({ Location: z.string().meta({ description: 'Path of what is answered.' }) });
const acceptedHeaders = z.object({
  Location: z.string().meta({ description: 'Path of what was accepted.' }),
  'Idempotency-Replayed': z.literal('true').optional().meta({ description: 'This is the first answer again.' }),
});

/** The description of the HTTP API, from the same schemas that its functions parse with. */
export const openApi = (): object =>
  createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Spotforge',
      version: '1.0.0',
      description: 'Turns a labelled dataset into a verified, quantised, released model.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ idToken: [] }],
    components: {
      securitySchemes: {
        idToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An ID token (token_use id) of the configured issuer. Its tenant claim decides what is visible.',
        },
      },
    },
    paths: {
      '/v1/uploads': {
        post: {
          operationId: 'createUpload',
          summary: 'Declare files, learn where to send each',
          requestBody: { required: true, content: { 'application/json': { schema: uploadRequest } } },
          responses: {
            201: json('A new upload.', uploadResponse),
            200: json('The same files were declared before: the same upload, with what is still to be sent.', uploadResponse),
            ...refusals(400, 413, 415, 422),
          },
        },
      },
      '/v1/datasets': {
        post: {
          operationId: 'createDataset',
          summary: 'Say what a dataset is: task, columns, labels, split. It cannot be changed',
          requestBody: { required: true, content: { 'application/json': { schema: datasetRequest } } },
          responses: {
            201: json('A new dataset, without versions.', datasetView, locationHeader),
            200: json('The same was said before.', datasetView, locationHeader),
            ...refusals(400, 409, 413, 415, 422),
          },
        },
        get: {
          operationId: 'listDatasets',
          summary: 'List your datasets by name',
          requestParams: { query: z.object(page(20)) },
          responses: { 200: json('A page.', datasetPage), ...refusals(422) },
        },
      },
      '/v1/datasets/{name}': {
        get: {
          operationId: 'getDataset',
          summary: 'What the dataset is said to be',
          requestParams: { path: datasetPath },
          responses: { 200: json('The dataset.', datasetView), ...refusals(404) },
        },
      },
      '/v1/datasets/{name}/versions': {
        post: {
          operationId: 'createDatasetVersion',
          summary: 'Check and store a source as a version',
          requestParams: { path: datasetPath, header: idempotencyKey },
          requestBody: { required: true, content: { 'application/json': { schema: datasetVersionRequest } } },
          responses: {
            202: json('It is being prepared.', datasetVersionView, acceptedHeaders),
            200: json('This content is a version already.', datasetVersionView, locationHeader),
            ...refusals(400, 404, 409, 413, 415, 422),
          },
        },
        get: {
          operationId: 'listDatasetVersions',
          summary: 'List its versions, newest first, refused ones among them',
          requestParams: { path: datasetPath, query: z.object(page(20)) },
          responses: { 200: json('A page.', datasetVersionPage), ...refusals(404, 422) },
        },
      },
      '/v1/datasets/{name}/versions/{version}': {
        get: {
          operationId: 'getDatasetVersion',
          summary: 'Status, rows, rejects by reason, label distribution, checksums',
          requestParams: { path: versionPath },
          responses: { 200: json('The version.', datasetVersionView), ...refusals(404) },
        },
      },
      '/v1/experiments': {
        post: {
          operationId: 'createExperiment',
          summary: 'Submit an experiment',
          requestParams: {
            header: idempotencyKey,
          },
          requestBody: { required: true, content: { 'application/json': { schema: experimentRequest } } },
          responses: {
            201: json('Accepted, stored and about to start.', experimentView, acceptedHeaders),
            ...refusals(400, 409, 413, 415, 422),
          },
        },
        get: {
          operationId: 'listExperiments',
          summary: 'List your experiments, newest first',
          requestParams: { query: z.object({ status: experimentStatus.optional(), ...page(20) }) },
          responses: { 200: json('A page.', experimentPage), ...refusals(422) },
        },
      },
      '/v1/experiments/{id}': {
        get: {
          operationId: 'getExperiment',
          summary: 'Status, stage, progress, figures and attempts',
          requestParams: { path },
          responses: { 200: json('The experiment.', experimentView), ...refusals(404) },
        },
        delete: {
          operationId: 'cancelExperiment',
          summary: 'Cancel; may be repeated',
          requestParams: { path },
          responses: {
            202: json('It is being cancelled.', experimentView),
            200: json('It is cancelled.', experimentView),
            ...refusals(404, 409),
          },
        },
      },
      '/v1/experiments/{id}/resume': {
        post: {
          operationId: 'resumeExperiment',
          summary: 'Run a failed or cancelled one again, from the first stage that is not done',
          requestParams: { path, header: idempotencyKey },
          responses: {
            202: json('Its next run is queued and about to start.', experimentView, acceptedHeaders),
            ...refusals(400, 404, 409, 413, 415, 422),
          },
        },
      },
      '/v1/experiments/{id}/events': {
        get: {
          operationId: 'listEvents',
          summary: 'Its history, oldest first',
          requestParams: { path, query: z.object(page(100)) },
          responses: { 200: json('A page.', experimentEventPage), ...refusals(404, 422) },
        },
      },
      '/v1/experiments/{id}/artifacts': {
        get: {
          operationId: 'listArtifacts',
          summary: 'What its stages stored, with URLs for fifteen minutes',
          requestParams: { path, query: z.object(page(100)) },
          responses: { 200: json('A page.', artifactPage), ...refusals(404, 422) },
        },
      },
      '/v1/healthz': {
        get: {
          operationId: 'getHealth',
          summary: 'Whether the API answers, and with which commit',
          security: [],
          responses: { 200: json('It does.', z.object({ status: z.literal('ok'), gitSha })) },
        },
      },
    },
  });
