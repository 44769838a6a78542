import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { EventBus, Schedule } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { EVENTS, STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { GRAVITON_PROFILE, GRAVITON_STAGE } from '../config/graviton.ts';
import { precisionLimits } from '../config/precisions.ts';
import { GRAVITON_QUEUE, QUEUES, type QueueArns } from '../config/queues.ts';
import { DatasetPreparation, readsReports } from '../constructs/dataset-preparation.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import { EventRule } from '../constructs/event-rule.ts';
import { ExperimentStateMachine } from '../constructs/experiment-state-machine.ts';
import {
  endsJobs,
  knowsCaller,
  publishesChanges,
  redrives,
  reportsToExecutions,
  scansTable,
  startsExecutions,
  stopsExecutions,
  usesBucket,
  watchesHosts,
  watchesQueues,
  writesTable,
} from '../constructs/function-bindings.ts';
import { behindEdge } from '../constructs/origin-secret.ts';
import { type Binding, PipelineFunction } from '../constructs/pipeline-function.ts';
import { StageJobDefinition } from '../constructs/stage-job-definition.ts';
import type { Buckets, TableReference } from '../constructs/storage-references.ts';
import { TableOutbox } from '../constructs/table-outbox.ts';
import type { Repositories } from './storage-stack.ts';

export type PipelineStackProps = {
  deployment: Deployment;
  buckets: Buckets;
  table: TableReference;
  repositories: Repositories;
  queueArns: QueueArns;
};

/** A minute and a half of calls would overlap with the next minute's; what is left undone is done then. */
const SUPERVISION_TIMEOUT = Duration.seconds(50);
/** An event that comes later than the supervisor tells nothing new. */
const EVENT_MAX_AGE = Duration.hours(1);

/**
 * How an experiment runs: the stages' job definitions, the state machine that submits them, the functions that watch them, and the events
 * between them. `create-experiment` lives here too: it pins job-definition revisions, which change with every deploy, and a value
 * that changes cannot be exported to another stack.
 */
export class PipelineStack extends Stack {
  readonly machine: ExperimentStateMachine;
  readonly createExperiment: PipelineFunction;
  readonly datasets: DatasetPreparation;

  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id, { description: `Spotforge ${props.deployment.name}: job definitions, state machine, events` });
    const { deployment, buckets, table, repositories, queueArns } = props;
    const ownQueues = Object.values(queueArns);

    const bus = new EventBus(this, 'Bus', {
      eventBusName: deployment.name,
      description: 'Progress of stages, changes of experiments',
    });
    const definitions = Object.fromEntries(
      STAGES.map((stage) => [
        stage,
        new StageJobDefinition(this, `Stage-${stage}`, { deployment, stage, buckets, bus, repositories }),
      ]),
    ) as Record<Stage, StageJobDefinition>;
    const jobDefinitions = Object.fromEntries(STAGES.map((stage) => [stage, definitions[stage].arn]));
    const onGraviton = definitions[GRAVITON_STAGE].gravitonArn;

    const recordFailure = new PipelineFunction(this, 'RecordFailure', {
      deployment,
      handler: 'stages/record-failure',
      description: 'Keeps why a stage was given up',
      uses: [writesTable(table), endsJobs(this)],
    });
    const confirmRelease = new PipelineFunction(this, 'ConfirmRelease', {
      deployment,
      handler: 'stages/confirm-release',
      description: 'Proves that an experiment holds no GPU any more',
      uses: [writesTable(table), endsJobs(this)],
    });
    const takeModelVersion = new PipelineFunction(this, 'TakeModelVersion', {
      deployment,
      handler: 'models/take-model-version',
      description: 'Takes the number of a new model version',
      uses: [writesTable(table)],
    });
    this.machine = new ExperimentStateMachine(this, 'Experiment', {
      deployment,
      queueArns: ownQueues,
      recordFailure: recordFailure.lambda,
      confirmRelease: confirmRelease.lambda,
      takeModelVersion: takeModelVersion.lambda,
    });

    // What each of the three observers sees and may do: all reconcile an experiment with what is really going on.
    const observes: Binding[] = [
      usesBucket('EXPERIMENTS_BUCKET', buckets.experiments, {
        reads: ['experiments/*/result.json', 'experiments/*/progress.json', 'experiments/*/stacks.txt'],
      }),
      reportsToExecutions(this.machine),
      stopsExecutions(this.machine),
      endsJobs(this),
      {
        environment: {
          JOB_QUEUES: this.toJsonString(ownQueues),
          HANG_LIMITS: JSON.stringify(
            Object.fromEntries(STAGES.map((stage) => [stage, deployment.stages[stage].hangLimitSeconds])),
          ),
          START_AFTER_SECONDS: String(deployment.limits.startAfterSeconds),
        },
      },
    ];
    const trackJob = new PipelineFunction(this, 'TrackJob', {
      deployment,
      handler: 'stages/track-job',
      description: 'Follows the Batch jobs of experiments',
      timeout: Duration.seconds(30),
      uses: [writesTable(table), ...observes],
    });
    const trackExecution = new PipelineFunction(this, 'TrackExecution', {
      deployment,
      handler: 'stages/track-execution',
      description: 'Closes experiments whose execution ended',
      timeout: Duration.seconds(30),
      uses: [writesTable(table), ...observes],
    });
    const superviseExperiments = new PipelineFunction(this, 'SuperviseExperiments', {
      deployment,
      handler: 'stages/supervise-experiments',
      description: 'Every minute: repairs what a lost event left undone',
      timeout: SUPERVISION_TIMEOUT,
      uses: [
        writesTable(table, ['gsi3']),
        startsExecutions(this.machine),
        watchesQueues(this, ownQueues),
        watchesHosts(this),
        ...observes,
      ],
    });
    const recordProgress = new PipelineFunction(this, 'RecordProgress', {
      deployment,
      handler: 'stages/record-progress',
      description: 'Stores how far a stage is',
      uses: [writesTable(table)],
    });

    const undelivered = new DeadLetterQueue(this, 'UndeliveredEvents', { queueName: `${deployment.name}-undelivered-events` });
    const rule = { deployment, undelivered, maxAge: EVENT_MAX_AGE };
    new EventRule(this, 'JobStateChanged', {
      ...rule,
      name: 'job-state-changed',
      description: 'Jobs in the queues of this deployment',
      when: { eventPattern: { source: ['aws.batch'], detailType: ['Batch Job State Change'], detail: { jobQueue: ownQueues } } },
      target: trackJob,
    });
    new EventRule(this, 'ExecutionStatusChanged', {
      ...rule,
      name: 'execution-status-changed',
      description: 'Executions of the state machine of this deployment',
      when: {
        eventPattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: { stateMachineArn: [this.machine.stateMachine.stateMachineArn] },
        },
      },
      target: trackExecution,
    });
    new EventRule(this, 'StageProgressed', {
      ...rule,
      name: 'stage-progressed',
      description: 'How far a stage is',
      bus,
      when: { eventPattern: { source: [EVENTS.stageProgress.source], detailType: [EVENTS.stageProgress.detailType] } },
      target: recordProgress,
    });
    new EventRule(this, 'EveryMinute', {
      ...rule,
      name: 'supervise',
      description: 'The safety net under every event',
      when: { schedule: Schedule.rate(Duration.minutes(1)) },
      maxAge: Duration.minutes(1), // the next one is due by then
      target: superviseExperiments,
    });

    const unpublished = new DeadLetterQueue(this, 'UnpublishedChanges', { queueName: `${deployment.name}-unpublished-changes` });
    new TableOutbox(this, 'Outbox', {
      table,
      consumer: new PipelineFunction(this, 'PublishChanges', {
        deployment,
        handler: 'experiments/publish-changes',
        description: 'Publishes changes of experiments from the table',
        timeout: Duration.seconds(60),
        uses: [publishesChanges(bus)],
      }),
      undelivered: unpublished,
    });

    const redriveEvents = new PipelineFunction(this, 'RedriveEvents', {
      deployment,
      handler: 'stages/redrive-events',
      description: 'Delivers once more what lies in the dead-letter queues',
      timeout: Duration.seconds(60),
      uses: [
        writesTable(table),
        scansTable(table),
        publishesChanges(bus),
        redrives(this, [undelivered, unpublished]),
        readsReports(buckets.datasets),
        ...observes,
      ],
    });
    new EventRule(this, 'EveryHour', {
      ...rule,
      name: 'redrive',
      description: 'Tries again what could not be delivered; whoever has mended its cause need not wait for it',
      when: { schedule: Schedule.rate(Duration.hours(1)) },
      target: redriveEvents,
    });

    this.datasets = new DatasetPreparation(this, 'Dataset', { ...rule, buckets, table, repositories, queueArns });

    this.createExperiment = new PipelineFunction(this, 'CreateExperiment', {
      deployment,
      handler: 'experiments/create-experiment',
      description: 'POST /v1/experiments',
      memoryMiB: 1024,
      uses: [
        writesTable(table),
        knowsCaller(deployment),
        behindEdge(deployment),
        usesBucket('DATASETS_BUCKET', buckets.datasets, { lists: ['uploads/*'] }),
        usesBucket('EXPERIMENTS_BUCKET', buckets.experiments, { writes: ['experiments/*/spec.json'] }),
        startsExecutions(this.machine),
        stopsExecutions(this.machine),
        {
          environment: {
            PROFILES: this.toJsonString(profileQueues(deployment, queueArns)),
            JOB_DEFINITIONS: this.toJsonString(jobDefinitions),
            ...(onGraviton && { PROFILE_VARIANTS: this.toJsonString(gravitonVariant(queueArns, onGraviton)) }),
            ALLOWED_SOURCES: JSON.stringify(deployment.allowedSources),
            PRICES: JSON.stringify(deployment.prices),
            PRECISION_LIMITS: JSON.stringify(precisionLimits(deployment)),
            GIT_SHA: deployment.gitSha,
          },
        },
      ],
    });

    new CfnOutput(this, 'StateMachineArn', { value: this.machine.stateMachine.stateMachineArn });
    new CfnOutput(this, 'DatasetStateMachineArn', { value: this.datasets.machine.stateMachine.stateMachineArn });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
    new CfnOutput(this, 'UndeliveredEventsUrl', { value: undelivered.queueUrl });
    new CfnOutput(this, 'UnpublishedChangesUrl', { value: unpublished.queueUrl });
  }
}

/** The queues of the ladders once each, and the ladders by their names: lib/config/consistency.ts bounds their length. */
const profileQueues = ({ profiles }: Deployment, queueArns: QueueArns) => ({
  queues: Object.fromEntries(QUEUES.map((queue) => [queue, queueArns[queue]])),
  ladders: profiles,
});

/** Profile → where it differs from `default`. */
const gravitonVariant = (queueArns: QueueArns, jobDefinition: string) => ({
  [GRAVITON_PROFILE]: {
    ladders: { [GRAVITON_STAGE]: [queueArns[GRAVITON_QUEUE]] },
    jobDefinitions: { [GRAVITON_STAGE]: jobDefinition },
  },
});
