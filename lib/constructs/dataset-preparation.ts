import { type Duration, Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { keys } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { QueueArns } from '../config/queues.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { AslStateMachine } from './asl-state-machine.ts';
import { runsJobs } from './batch-permissions.ts';
import { DatasetJob } from './dataset-job.ts';
import { EventRule } from './event-rule.ts';
import { usesBucket, writesTable } from './function-bindings.ts';
import { type Binding, PipelineFunction } from './pipeline-function.ts';
import type { BucketReference, Buckets, TableReference } from './storage-references.ts';

export type DatasetPreparationProps = {
  deployment: Deployment;
  buckets: Buckets;
  table: TableReference;
  repositories: Repositories;
  queueArns: QueueArns;
  undelivered: IQueue;
  maxAge: Duration;
};

/** Ends at which nothing may have been recorded. */
const ENDED_OTHERWISE = ['ABORTED', 'FAILED', 'TIMED_OUT'];

/** What the jobs said of their preparations. */
export const readsReports = (datasets: BucketReference): Binding =>
  usesBucket('DATASETS_BUCKET', datasets, { reads: [keys.datasetPreparation('*', '*', 'report')] });

/** Makes versions of datasets: a state machine that runs one job and records what became of it, and a rule for one that is stopped before. */
export class DatasetPreparation extends Construct {
  readonly machine: AslStateMachine;

  constructor(scope: Construct, id: string, props: DatasetPreparationProps) {
    super(scope, id);
    const { deployment, buckets, table, repositories, queueArns, undelivered, maxAge } = props;
    const records = [writesTable(table), readsReports(buckets.datasets)];
    const recordPreparation = new PipelineFunction(this, 'RecordPreparation', {
      deployment,
      handler: 'datasets/record-preparation',
      description: 'Records what became of a dataset version',
      uses: records,
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
    new EventRule(this, 'PreparationEnded', {
      deployment,
      name: 'preparation-ended',
      description: 'Preparations of datasets that ended without a record',
      when: {
        eventPattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: { stateMachineArn: [this.machine.stateMachine.stateMachineArn], status: ENDED_OTHERWISE },
        },
      },
      target: new PipelineFunction(this, 'TrackPreparation', {
        deployment,
        handler: 'datasets/track-preparation',
        description: 'Ends dataset versions whose execution was stopped',
        uses: records,
      }),
      undelivered,
      maxAge,
    });
  }
}
