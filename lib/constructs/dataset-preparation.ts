import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { keys } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { QueueArns } from '../config/queues.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { AslStateMachine } from './asl-state-machine.ts';
import { runsJobs } from './batch-permissions.ts';
import { DatasetJob } from './dataset-job.ts';
import { usesBucket, writesTable } from './function-bindings.ts';
import { PipelineFunction } from './pipeline-function.ts';
import type { Buckets, TableReference } from './storage-references.ts';

export type DatasetPreparationProps = {
  deployment: Deployment;
  buckets: Buckets;
  table: TableReference;
  repositories: Repositories;
  queueArns: QueueArns;
};

/** Makes versions of datasets: a state machine that runs one job and records what became of it. */
export class DatasetPreparation extends Construct {
  readonly machine: AslStateMachine;

  constructor(scope: Construct, id: string, props: DatasetPreparationProps) {
    super(scope, id);
    const { deployment, buckets, table, repositories, queueArns } = props;
    const recordPreparation = new PipelineFunction(this, 'RecordPreparation', {
      deployment,
      handler: 'datasets/record-preparation',
      description: 'Records what became of a dataset version',
      uses: [
        writesTable(table),
        usesBucket('DATASETS_BUCKET', buckets.datasets, { reads: [keys.datasetPreparation('*', '*', 'report')] }),
      ],
    });
    const job = new DatasetJob(this, 'Job', { deployment, buckets, repositories });
    const [spot, onDemand] = [queueArns['cpu-spot'], queueArns['cpu-on-demand']];
    this.machine = new AslStateMachine(this, 'Machine', {
      deployment,
      definition: 'dataset',
      substitutions: {
        RecordPreparationArn: recordPreparation.lambda.functionArn,
        SpotQueueArn: spot,
        OnDemandQueueArn: onDemand,
        JobDefinitionArn: job.arn,
      },
      permissions: [
        ...runsJobs(Stack.of(this), [spot, onDemand], [job.arn]),
        { actions: ['lambda:InvokeFunction'], resources: [recordPreparation.lambda.functionArn] },
      ],
    });
  }
}
