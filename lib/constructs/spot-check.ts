import { Duration, Stack } from 'aws-cdk-lib';
import { type IEventBus, Schedule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { keys, SPOT_CHECK_COMMAND, SPOT_CHECK_IMAGE } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { QueueArns } from '../config/queues.ts';
import { SPOT_CHECK_QUEUES, SPOT_CHECK_SIZE } from '../config/spot-checks.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { AslStateMachine } from './asl-state-machine.ts';
import { runsJobs } from './batch-permissions.ts';
import { scheduleExecutions } from './execution-schedule.ts';
import { announcesSpotChecks, findsObjects, usesBucket } from './function-bindings.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { SpotCheckAlarm } from './spot-check-alarm.ts';
import type { Buckets } from './storage-references.ts';
import { UnattendedJob } from './unattended-job.ts';

export type SpotCheckProps = {
  deployment: Deployment;
  bus: IEventBus;
  buckets: Buckets;
  repositories: Repositories;
  queueArns: QueueArns;
};

/** Asks the released models whether they still answer as they did, each night, and alarms when one does not. */
export class SpotCheck extends Construct {
  readonly machine: AslStateMachine;

  constructor(scope: Construct, id: string, { deployment, bus, buckets, repositories, queueArns }: SpotCheckProps) {
    super(scope, id);
    const findReleases = new PipelineFunction(this, 'FindReleases', {
      deployment,
      handler: 'spot-checks/find-releases',
      description: 'Chooses the bundles of a spot check',
      timeout: Duration.seconds(60),
      uses: [
        { environment: { RELEASES_BUCKET: buckets.releases.bucketName } },
        findsObjects(buckets.releases, ['bundles/*']),
        { environment: { SPOT_CHECK_MODELS: String(deployment.spotChecks.models) } },
      ],
    });
    const publishSpotCheck = new PipelineFunction(this, 'PublishSpotCheck', {
      deployment,
      handler: 'spot-checks/publish-spot-check',
      description: 'Publishes the report of a spot check',
      uses: [
        usesBucket('EXPERIMENTS_BUCKET', buckets.experiments, {
          reads: ['spot-checks/*'],
          writes: [keys.spotCheck('*', 'report')],
        }),
        announcesSpotChecks(bus),
      ],
    });
    const job = new UnattendedJob(this, 'Job', {
      deployment,
      name: 'spot-check',
      description: 'spot check of released models',
      tags: { 'spotforge:spot-check': 'true' },
      image: SPOT_CHECK_IMAGE,
      command: [...SPOT_CHECK_COMMAND],
      size: SPOT_CHECK_SIZE,
      buckets,
      repositories,
      reads: [buckets.releases.arnForObjects('bundles/*')],
      writes: keys.spotCheck('*', 'finding'),
    });
    const [spot, onDemand] = SPOT_CHECK_QUEUES.map((queue) => queueArns[queue]) as [string, string];
    this.machine = new AslStateMachine(this, 'Machine', {
      deployment,
      definition: 'spot-check',
      substitutions: {
        FindReleasesArn: findReleases.lambda.functionArn,
        PublishSpotCheckArn: publishSpotCheck.lambda.functionArn,
        SpotQueueArn: spot,
        OnDemandQueueArn: onDemand,
        JobDefinitionArn: job.arn,
      },
      permissions: [
        ...runsJobs(Stack.of(this), [spot, onDemand], [job.arn]),
        {
          actions: ['lambda:InvokeFunction'],
          resources: [findReleases.lambda.functionArn, publishSpotCheck.lambda.functionArn],
        },
      ],
    });
    if (!deployment.spotChecks.nightly) return;

    scheduleExecutions(this, {
      machine: this.machine,
      schedule: Schedule.cron({ minute: '0', hour: '4' }), // an hour before a quarterly rehearsal
      does: `${deployment.name}: starts the nightly spot check`,
      when: 'Each night',
      names: { rule: `${deployment.name}-spot-check`, unstarted: `${deployment.name}-unstarted-spot-checks` },
      ids: { role: 'ScheduleRole', rule: 'EachNight', unstarted: 'Unstarted' },
    });
    new SpotCheckAlarm(this, 'Alarm', { deployment, machine: this.machine });
  }
}
