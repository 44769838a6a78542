import { CfnOutput, Stack } from 'aws-cdk-lib';
import { HttpMethod, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { keys } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { AslStateMachine } from '../constructs/asl-state-machine.ts';
import type { ExperimentStateMachine } from '../constructs/experiment-state-machine.ts';
import {
  findsObjects,
  knowsCaller,
  looksAtPins,
  readsTable,
  startsExecutions,
  stopsExecutions,
  usesBucket,
  writesTable,
} from '../constructs/function-bindings.ts';
import type { HandlerName } from '../constructs/handlers.ts';
import { MachineClients } from '../constructs/machine-clients.ts';
import { behindEdge } from '../constructs/origin-secret.ts';
import { type Binding, PipelineFunction } from '../constructs/pipeline-function.ts';
import { ProtectedHttpApi } from '../constructs/protected-http-api.ts';
import type { Buckets, TableReference } from '../constructs/storage-references.ts';
import type { UserDirectory } from '../constructs/user-directory.ts';

export type ApiStackProps = {
  deployment: Deployment;
  buckets: Buckets;
  table: TableReference;
  users: UserDirectory | undefined;
  machine: ExperimentStateMachine;
  datasetMachine: AslStateMachine;
  createExperiment: IFunction;
};

/** The way in: one HTTP API, one function a route. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, props: ApiStackProps) {
    const { deployment, buckets, table, users, machine, datasetMachine, createExperiment } = props;
    super(scope, id, { description: `Spotforge ${deployment.name}: HTTP API` });

    const machines =
      users && Object.keys(deployment.machineClients).length > 0
        ? new MachineClients(this, 'Machines', { deployment, pool: users.pool }).clientIds
        : [];
    const api = new ProtectedHttpApi(this, 'Http', { deployment, users, machines });
    const { GET, POST, DELETE } = HttpMethod;
    const lambda = (id: string, handler: HandlerName, description: string, uses: Binding[]): IFunction =>
      // 1 GiB has twice the processor of 512 MiB: somebody waits for the answer.
      new PipelineFunction(this, id, {
        deployment,
        handler,
        description,
        uses: [...uses, behindEdge(deployment)],
        memoryMiB: 1024,
      }).lambda;
    const answer = (method: HttpMethod, path: string, id: string, handler: HandlerName, uses: Binding[]): void =>
      api.route(method, path, lambda(id, handler, `${method} ${path}`, [knowsCaller(deployment), ...uses]));

    answer(POST, '/v1/uploads', 'CreateUpload', 'datasets/create-upload', [
      writesTable(table),
      usesBucket('DATASETS_BUCKET', buckets.datasets, { writes: ['uploads/*'], lists: ['uploads/*'] }),
    ]);
    const preparation = (...files: ('request' | 'report' | 'rejectedRows')[]): string[] =>
      files.map((file) => keys.datasetPreparation('*', '*', file));
    answer(POST, '/v1/datasets', 'CreateDataset', 'datasets/create-dataset', [writesTable(table)]);
    answer(GET, '/v1/datasets', 'ListDatasets', 'datasets/list-datasets', [readsTable(table, ['gsi1'])]);
    answer(GET, '/v1/datasets/{name}', 'GetDataset', 'datasets/get-dataset', [readsTable(table)]);
    answer(POST, '/v1/datasets/{name}/versions', 'CreateDatasetVersion', 'datasets/create-dataset-version', [
      writesTable(table),
      usesBucket('DATASETS_BUCKET', buckets.datasets, {
        reads: preparation('report', 'rejectedRows'), // of a version that is there already, which it answers
        writes: preparation('request'),
        lists: ['uploads/*'],
      }),
      { environment: { ALLOWED_SOURCES: JSON.stringify(deployment.allowedSources) } },
      startsExecutions(datasetMachine),
    ]);
    answer(GET, '/v1/datasets/{name}/versions', 'ListDatasetVersions', 'datasets/list-dataset-versions', [readsTable(table)]);
    answer(GET, '/v1/datasets/{name}/versions/{version}', 'GetDatasetVersion', 'datasets/get-dataset-version', [
      readsTable(table),
      usesBucket('DATASETS_BUCKET', buckets.datasets, { reads: preparation('report', 'rejectedRows') }),
    ]);
    api.route(POST, '/v1/experiments', createExperiment);
    answer(GET, '/v1/experiments', 'ListExperiments', 'experiments/list-experiments', [readsTable(table, ['gsi1', 'gsi2'])]);
    answer(GET, '/v1/experiments/{id}', 'GetExperiment', 'experiments/get-experiment', [readsTable(table)]);
    answer(GET, '/v1/experiments/{id}/events', 'ListEvents', 'experiments/list-events', [readsTable(table)]);
    answer(GET, '/v1/experiments/{id}/artifacts', 'ListArtifacts', 'experiments/list-artifacts', [
      readsTable(table),
      usesBucket('EXPERIMENTS_BUCKET', buckets.experiments, both(['experiments/*', 'models/onnx/*'])),
      usesBucket('CHECKPOINTS_BUCKET', buckets.checkpoints, both(['exp_*'])),
      usesBucket('RELEASES_BUCKET', buckets.releases, both(['bundles/*'])),
    ]);
    answer(DELETE, '/v1/experiments/{id}', 'CancelExperiment', 'experiments/cancel-experiment', [
      writesTable(table),
      stopsExecutions(machine),
    ]);
    // What is left of earlier runs is looked for by name and size; its content is for the stages alone to read.
    answer(POST, '/v1/experiments/{id}/resume', 'ResumeExperiment', 'experiments/resume-experiment', [
      writesTable(table),
      usesBucket('EXPERIMENTS_BUCKET', buckets.experiments, {
        reads: ['experiments/*/spec.json', 'experiments/*/manifest.json'],
        lists: ['experiments/*', 'models/onnx/*'],
      }),
      findsObjects(buckets.datasets, ['raw/*', 'base-models/*', 'processed/*']),
      findsObjects(buckets.releases, ['bundles/*']),
      looksAtPins(),
      startsExecutions(machine),
      stopsExecutions(machine),
    ]);

    api.openRoute(
      HttpRouteKey.with('/v1/healthz', GET),
      lambda('GetHealth', 'health/get-health', 'GET /v1/healthz', [{ environment: { GIT_SHA: deployment.gitSha } }]),
      'A health check carries no token and learns nothing but the commit.',
    );
    api.openRoute(
      HttpRouteKey.DEFAULT,
      lambda('RefuseUnknownRoute', 'health/refuse-unknown-route', 'Whatever no route takes', []),
      'Answers 404 to whatever no route takes, whoever asks.',
    );

    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'ApiId', { value: api.api.apiId });
  }
}

/** Lists and hands out signed URLs under the same prefixes. */
const both = (prefixes: readonly string[]) => ({ reads: prefixes, lists: prefixes });
