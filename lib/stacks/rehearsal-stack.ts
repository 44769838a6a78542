import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { EventBus, Schedule } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { keys, REHEARSALS, type Rehearsal } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { QueueArns } from '../config/queues.ts';
import { REHEARSAL_QUEUE } from '../config/rehearsal-sizes.ts';
import { scheduleExecutions } from '../constructs/execution-schedule.ts';
import { announcesRehearsals, findsObjects, usesBucket } from '../constructs/function-bindings.ts';
import { PipelineFunction } from '../constructs/pipeline-function.ts';
import { RehearsalJobDefinition } from '../constructs/rehearsal-job-definition.ts';
import { RehearsalStateMachine } from '../constructs/rehearsal-state-machine.ts';
import { SpotCheck } from '../constructs/spot-check.ts';
import { SpotInterruption } from '../constructs/spot-interruption.ts';
import type { Buckets } from '../constructs/storage-references.ts';
import type { Repositories } from './storage-stack.ts';

export type RehearsalStackProps = {
  deployment: Deployment;
  buckets: Buckets;
  repositories: Repositories;
  queueArns: QueueArns;
};

/** What would have to work on a bad day, done each quarter: restore a checkpoint, roll back a model, upgrade a dependency. And each night: do released models still answer as they did? */
export class RehearsalStack extends Stack {
  readonly machine: RehearsalStateMachine;

  constructor(scope: Construct, id: string, props: RehearsalStackProps) {
    super(scope, id, {
      description: `Spotforge ${props.deployment.name}: what is rehearsed each quarter and checked each night`,
    });
    const { deployment, buckets, repositories, queueArns } = props;
    const bus = EventBus.fromEventBusName(this, 'Bus', deployment.name);

    const findSubjects = new PipelineFunction(this, 'FindSubjects', {
      deployment,
      handler: 'rehearsals/find-subjects',
      description: 'Chooses the checkpoint and the bundles of a rehearsal',
      timeout: Duration.seconds(60),
      uses: [
        { environment: { CHECKPOINTS_BUCKET: buckets.checkpoints.bucketName } },
        { permissions: [{ actions: ['s3:ListBucket'], resources: [buckets.checkpoints.bucketArn] }] },
        { environment: { RELEASES_BUCKET: buckets.releases.bucketName } },
        findsObjects(buckets.releases, ['bundles/*']),
        { environment: { UPGRADE: JSON.stringify(deployment.rehearsals.upgrade) } },
      ],
    });
    const publishReport = new PipelineFunction(this, 'PublishReport', {
      deployment,
      handler: 'rehearsals/publish-report',
      description: 'Publishes the report of a rehearsal',
      uses: [
        usesBucket('EXPERIMENTS_BUCKET', buckets.experiments, {
          reads: ['rehearsals/*'],
          writes: [keys.rehearsal('*', 'report')],
        }),
        announcesRehearsals(bus),
      ],
    });

    const arnOf = (rehearsal: Rehearsal): string =>
      new RehearsalJobDefinition(this, `Rehearsal-${rehearsal}`, { deployment, rehearsal, buckets, repositories }).arn;
    this.machine = new RehearsalStateMachine(this, 'Rehearsal', {
      deployment,
      queueArn: queueArns[REHEARSAL_QUEUE],
      jobDefinitions: Object.fromEntries(REHEARSALS.map((name) => [name, arnOf(name)])) as Record<Rehearsal, string>,
      findSubjects: findSubjects.lambda,
      publishReport: publishReport.lambda,
      interruption: deployment.rehearsals.interruptSpotHost
        ? new SpotInterruption(this, 'SpotInterruption', { deployment })
        : undefined,
    });

    scheduleExecutions(this, {
      machine: this.machine,
      schedule: Schedule.cron({ minute: '0', hour: '5', day: '1', month: '1,4,7,10' }),
      does: `${deployment.name}: starts the quarterly rehearsal`,
      when: 'The first day of each quarter',
      names: { rule: `${deployment.name}-rehearse`, unstarted: `${deployment.name}-unstarted-rehearsals` },
      ids: { role: 'ScheduleRole', rule: 'EachQuarter', unstarted: 'Unstarted' },
    });
    const spotCheck = new SpotCheck(this, 'SpotCheck', { deployment, bus, buckets, repositories, queueArns });

    new CfnOutput(this, 'RehearsalStateMachineArn', { value: this.machine.stateMachine.stateMachineArn });
    new CfnOutput(this, 'SpotCheckStateMachineArn', { value: spotCheck.machine.stateMachine.stateMachineArn });
  }
}
