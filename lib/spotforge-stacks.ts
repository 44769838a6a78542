import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { assertConsistent } from './config/consistency.ts';
import type { Deployment } from './config/deployment.ts';
import { assertQueuesKept } from './constructs/kept-queues.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { ComputeStack } from './stacks/compute-stack.ts';
import { EdgeStack } from './stacks/edge-stack.ts';
import { InferenceStack } from './stacks/inference-stack.ts';
import { PipelineStack } from './stacks/pipeline-stack.ts';
import { RehearsalStack } from './stacks/rehearsal-stack.ts';
import { ReplicationStack } from './stacks/replication-stack.ts';
import { StorageStack } from './stacks/storage-stack.ts';

export type SpotforgeStacks = {
  storage: StorageStack;
  compute: ComputeStack;
  pipeline: PipelineStack;
  api: ApiStack;
  rehearsal: RehearsalStack;
  /** Only with `inference.enabled`. */
  inference?: InferenceStack;
  /** Only with `edge`. */
  edge?: EdgeStack;
  /** Only with `replication`. */
  replication?: ReplicationStack;
};

/**
 * One deployment: storage ← compute ← pipeline ← api, rehearsal, inference; edge before api and replication before storage if configured. Checked for consistency before, and for AWS's good practice when the app is
 * synthesised: a finding that nobody acknowledged with a reason makes the synth fail.
 */
export const addSpotforge = (app: App, deployment: Deployment): SpotforgeStacks => {
  assertConsistent(deployment);
  const { name } = deployment;

  const storage = new StorageStack(app, `${name}-storage`, { deployment });
  const { buckets, table, repositories, users } = storage;
  const replication = replicationOf(app, deployment);
  if (replication) storage.addStackDependency(replication); // S3 replicates to nothing that is not there

  const compute = new ComputeStack(app, `${name}-compute`, { deployment, repositories });
  const { queueArns } = compute;
  assertQueuesKept(compute, deployment);

  const pipeline = new PipelineStack(app, `${name}-pipeline`, { deployment, buckets, table, repositories, queueArns });
  const { machine, datasets } = pipeline;
  const createExperiment = pipeline.createExperiment.lambda;

  const api = new ApiStack(app, `${name}-api`, {
    ...{ deployment, buckets, table, users },
    ...{ machine, datasetMachine: datasets.machine, createExperiment },
  });

  const rehearsal = new RehearsalStack(app, `${name}-rehearsal`, { deployment, buckets, repositories, queueArns });
  rehearsal.addStackDependency(pipeline); // it announces its reports on the pipeline's bus, which it knows by name

  const inference = deployment.inference.enabled
    ? new InferenceStack(app, `${name}-inference`, { deployment, buckets, repositories, network: compute.network })
    : undefined;
  inference?.addStackDependency(pipeline); // it tells the pipeline's bus who was answered, and knows the bus by name

  const edge = edgeOf(app, deployment);
  edge?.addStackDependency(api); // what it stands before is there already

  const stacks: SpotforgeStacks = {
    storage,
    compute,
    pipeline,
    api,
    rehearsal,
    ...(inference && { inference }),
    ...(edge && { edge }),
    ...(replication && { replication }),
  };
  for (const stack of Object.values(stacks)) stack.terminationProtection = deployment.terminationProtection;
  Tags.of(app).add('spotforge:deployment', name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return stacks;
};

const edgeOf = (app: App, deployment: Deployment): EdgeStack | undefined => {
  const { domain, edge, name } = deployment;
  return domain && edge ? new EdgeStack(app, `${name}-edge`, { deployment, domain, edge }) : undefined;
};

const replicationOf = (app: App, deployment: Deployment): ReplicationStack | undefined => {
  const { replication, name } = deployment;
  return replication && new ReplicationStack(app, `${name}-replication`, { deployment, replication });
};
