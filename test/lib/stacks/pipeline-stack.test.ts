import { describe, expect, it } from 'vitest';
import { STAGE_ENV, STAGE_IMAGES, STAGES, type Stage, stageCommand } from '../../../functions/shared/contracts/names.ts';
import { resourcesFor, statementsOf } from '../policy-statements.ts';
import { asText, COMMIT, resourcesOf, synthesise } from '../synthesised.ts';

const { pipeline } = synthesise().templates;
const definitions = resourcesOf(pipeline, 'AWS::Batch::JobDefinition').map(([, { Properties }]) => Properties);
const of = (stage: Stage): Record<string, unknown> => definitions[STAGES.indexOf(stage)] ?? {};
const containerOf = (stage: Stage) =>
  of(stage).ContainerProperties as Record<string, unknown> & { Environment: { Name: string; Value: unknown }[] };
const rules = resourcesOf(pipeline, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);
const ruleNamed = (name: string) => rules.find((rule) => rule.Name === `spotforge-${name}`) ?? {};

/** Comes from the job definition; the rest of STAGE_ENV comes with each attempt. */
const FROM_DEFINITION = [
  'datasetsBucket',
  'experimentsBucket',
  'checkpointsBucket',
  'releasesBucket',
  'eventBus',
  'gitSha',
  'imageDigest',
  'hangLimitSeconds',
] as const;
/** What one stage alone is told: the one that several GPUs share, and the two that lock what they write. */
const FROM_ITS_OWN: Partial<Record<Stage, readonly (keyof typeof STAGE_ENV)[]>> = {
  train: ['processes'],
  ingest: ['retentionDays'],
  bundle: ['retentionDays'],
};

describe.each(STAGES)('the job definition of %s', (stage) => {
  it('runs the full argv as user 1001, unprivileged', () => {
    expect(containerOf(stage)).toMatchObject({ Command: stageCommand(stage), User: '1001', Privileged: false });
  });

  it('may write to nothing but a volume of its own, and gets no more of the host', () => {
    expect(containerOf(stage)).toMatchObject({
      ReadonlyRootFilesystem: true,
      Volumes: [{ Name: 'scratch' }],
      MountPoints: [{ SourceVolume: 'scratch', ContainerPath: '/scratch', ReadOnly: false }],
    });
    expect(JSON.stringify(containerOf(stage).Volumes)).not.toContain('Host');
  });

  it('is tried once, for a bounded time, and never taken from under a running experiment', () => {
    expect(of(stage)).toMatchObject({
      JobDefinitionName: `spotforge-${stage}`,
      RetryStrategy: { Attempts: 1 },
      ResourceRetentionPolicy: { SkipDeregisterOnUpdate: true },
      PropagateTags: true,
    });
    expect((of(stage).Timeout as { AttemptDurationSeconds: number }).AttemptDurationSeconds).toBeGreaterThanOrEqual(1800);
  });

  it('gets the variables of the contract, and the region, which Batch does not set', () => {
    const names = containerOf(stage).Environment.map(({ Name }) => Name);
    const own = FROM_ITS_OWN[stage] ?? [];
    expect(names.sort()).toEqual([...[...FROM_DEFINITION, ...own].map((name) => STAGE_ENV[name]), 'AWS_DEFAULT_REGION'].sort());
  });

  it('has a role and a log group of its own', () => {
    expect(asText(containerOf(stage).JobRoleArn)).toBe(`<Stage${stage}Role.Arn>`);
    const { LogDriver, Options } = containerOf(stage).LogConfiguration as { LogDriver: string; Options: Record<string, unknown> };
    expect([LogDriver, asText(Options['awslogs-group']), Options['awslogs-stream-prefix']]).toEqual([
      'awslogs',
      `<Stage${stage}Logs>`,
      stage,
    ]);
  });

  it('runs the image of its stage, at the commit that is deployed', () => {
    const image = STAGE_IMAGES[stage];
    expect(asText(containerOf(stage).Image)).toMatch(
      new RegExp(`<${image.charAt(0).toUpperCase()}${image.slice(1)}Images>:${COMMIT}$`),
    );
  });
});

describe('job definitions', () => {
  it('ask for a GPU in train only', () => {
    const gpus = STAGES.filter((stage) => JSON.stringify(containerOf(stage).ResourceRequirements).includes('GPU'));
    expect(gpus).toEqual(['train']);
  });

  it('share two gigabytes of memory between the processes of train', () => {
    const shared = STAGES.map((stage) => (containerOf(stage).LinuxParameters as { SharedMemorySize: number }).SharedMemorySize);
    expect(shared).toEqual(STAGES.map((stage) => (stage === 'train' ? 2048 : 64)));
  });

  it('name a digest, or another registry, when one is configured', () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    const { templates } = synthesise({
      images: { data: { digest }, training: { repository: 'ghcr.io/acme/training', tag: '7.1' } },
    });
    const images = resourcesOf(templates.pipeline, 'AWS::Batch::JobDefinition').map(([, { Properties }]) => {
      const { Image, Environment } = Properties.ContainerProperties as {
        Image: unknown;
        Environment: { Name: string; Value: unknown }[];
      };
      return [asText(Image), Environment.find(({ Name }) => Name === STAGE_ENV.imageDigest)?.Value];
    });
    expect(images[STAGES.indexOf('ingest')]).toEqual([expect.stringMatching(new RegExp(`<DataImages>@${digest}$`)), digest]);
    expect(images[STAGES.indexOf('train')]).toEqual(['ghcr.io/acme/training:7.1', '7.1']);
  });
});

describe('events', () => {
  it('about jobs come from our own queues only', () => {
    const { EventPattern, EventBusName } = ruleNamed('job-state-changed') as {
      EventPattern: { detail: { jobQueue: unknown[] } };
      EventBusName?: string;
    };
    expect(EventBusName).toBeUndefined();
    expect(EventPattern).toMatchObject({ source: ['aws.batch'], 'detail-type': ['Batch Job State Change'] });
    expect(EventPattern.detail.jobQueue.map(asText)).toEqual(
      ['gpuspot', 'gpuspotany', 'gpuondemand', 'cpuspot', 'cpuondemand', 'cpubenchmark'].map(
        (queue) => `<${queue}Queue.JobQueueArn>`,
      ),
    );
  });

  it('about executions come from our own state machine only', () => {
    const { EventPattern } = ruleNamed('execution-status-changed') as {
      EventPattern: { detail: { stateMachineArn: unknown[] } };
    };
    expect(EventPattern).toMatchObject({ source: ['aws.states'], 'detail-type': ['Step Functions Execution Status Change'] });
    expect(EventPattern.detail.stateMachineArn.map(asText)).toEqual(['<ExperimentStateMachine>']);
  });

  it('about progress come over our own bus', () => {
    const rule = ruleNamed('stage-progressed');
    expect(rule.EventPattern).toEqual({ source: ['spotforge.stage'], 'detail-type': ['Stage Progress'] });
    expect(asText(rule.EventBusName)).toBe('<Bus>');
  });

  it('wake the supervisor every minute', () => {
    expect(ruleNamed('supervise')).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
  });

  it('wake the redrive every hour', () => {
    expect(ruleNamed('redrive')).toMatchObject({ ScheduleExpression: 'rate(1 hour)', State: 'ENABLED' });
  });

  it('are tried again a bounded number of times and then kept', () => {
    expect(rules).toHaveLength(6);
    for (const { Targets } of rules as { Targets: { RetryPolicy: unknown; DeadLetterConfig: { Arn: unknown } }[] }[]) {
      expect(Targets).toHaveLength(1);
      expect(Targets[0]?.RetryPolicy).toMatchObject({ MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: expect.any(Number) });
      expect(asText(Targets[0]?.DeadLetterConfig.Arn)).toBe('<UndeliveredEvents.Arn>');
    }
  });

  it('may call a function only through the rule that is meant', () => {
    const permissions = resourcesOf(pipeline, 'AWS::Lambda::Permission');
    expect(permissions).toHaveLength(6);
    for (const [, { Properties }] of permissions) {
      expect(Properties).toMatchObject({ Principal: 'events.amazonaws.com', SourceArn: expect.anything() });
    }
  });
});

describe('a function that an event calls', () => {
  const configurations = resourcesOf(pipeline, 'AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => Properties);
  const consumers = [
    'TrackJob',
    'TrackExecution',
    'RecordProgress',
    'SuperviseExperiments',
    'RedriveEvents',
    'DatasetTrackPreparation',
  ];

  it('is tried again when it fails, and its event kept with the others', () => {
    expect(configurations.map(({ FunctionName }) => asText(FunctionName)).sort()).toEqual(
      consumers.map((consumer) => `<${consumer}Function>`).sort(),
    );
    for (const configuration of configurations) {
      const { OnFailure } = configuration.DestinationConfig as { OnFailure: { Destination: unknown } };
      expect(asText(OnFailure.Destination)).toBe('<UndeliveredEvents.Arn>');
      expect(configuration).toMatchObject({ Qualifier: '$LATEST', MaximumRetryAttempts: 2 });
      expect(configuration.MaximumEventAgeInSeconds).toBeGreaterThanOrEqual(60);
    }
  });

  it('may send to that queue', () => {
    for (const consumer of consumers)
      expect(resourcesFor(statementsOf(pipeline), `<${consumer}Role>`, 'sqs:SendMessage')).toEqual(['<UndeliveredEvents.Arn>']);
  });
});

describe('what could not be delivered', () => {
  it('is kept in queues that only the redrive reads', () => {
    const readers = statementsOf(pipeline).filter(({ actions }) =>
      actions.some((action) => /^sqs:(Receive|Delete)/.test(action)),
    );
    expect(readers).toMatchObject([
      {
        role: '<RedriveEventsRole>',
        actions: ['sqs:DeleteMessage', 'sqs:ReceiveMessage'],
        resources: ['<UndeliveredEvents.Arn>', '<UnpublishedChanges.Arn>'],
      },
    ]);
  });

  it('is kept for two weeks, encrypted, over TLS alone', () => {
    pipeline.resourceCountIs('AWS::SQS::Queue', 2);
    for (const [, { Properties }] of resourcesOf(pipeline, 'AWS::SQS::Queue'))
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 14 * 24 * 3600, SqsManagedSseEnabled: true });
  });

  it('is announced again under the source of experiments only', () => {
    const [statement] = statementsOf(pipeline).filter(
      ({ role, actions }) => role === '<RedriveEventsRole>' && actions.includes('events:PutEvents'),
    );
    expect(statement).toMatchObject({
      resources: ['<Bus.Arn>'],
      condition: { StringEquals: { 'events:source': 'spotforge.experiments' } },
    });
  });
});

describe('the limit after which a stage is hung', () => {
  it('is one number: its container dumps its stacks by it, the supervisor judges by it', () => {
    const functions = resourcesOf(pipeline, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties);
    const supervisor = functions.find(({ FunctionName }) => FunctionName === 'spotforge-supervise-experiments');
    const { Variables } = (supervisor?.Environment ?? { Variables: {} }) as { Variables: Record<string, string> };
    const limits = JSON.parse(Variables.HANG_LIMITS ?? '{}') as Record<Stage, number>;
    expect(Object.keys(limits)).toEqual([...STAGES]);
    for (const stage of STAGES) {
      const given = containerOf(stage).Environment.find(({ Name }) => Name === 'HANG_LIMIT_SECONDS');
      expect(Number(given?.Value)).toBe(limits[stage]);
    }
  });
});

describe('the outbox', () => {
  it('publishes changes of the table at least once, splits a failing batch, and gives up on a record after a bounded time', () => {
    pipeline.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 23 * 3600,
      StartingPosition: 'TRIM_HORIZON',
    });
    const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
      pipeline,
      'AWS::Lambda::EventSourceMapping',
    );
    expect(asText((Properties.DestinationConfig as { OnFailure: { Destination: unknown } }).OnFailure.Destination)).toBe(
      '<UnpublishedChanges.Arn>',
    );
  });
});

describe('the state machine', () => {
  const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
    pipeline,
    'AWS::StepFunctions::StateMachine',
  );

  it('is the file, readable in the template, with every placeholder filled and none too many', () => {
    const definition = String(Properties.DefinitionString);
    const placeholders = [...definition.matchAll(/\$\{([A-Za-z]+)\}/g)].map(([, name]) => name);
    expect([...new Set(placeholders)].sort()).toEqual(Object.keys(Properties.DefinitionSubstitutions as object).sort());
    expect(() => JSON.parse(definition)).not.toThrow();
  });

  it('waits a week for a stage, its place in the queue included', () => {
    expect(Properties.DefinitionSubstitutions).toMatchObject({ TrainTimeoutSeconds: '604800', BundleTimeoutSeconds: '604800' });
  });
});

describe('log groups', () => {
  it('forget after a month, every one of them', () => {
    const groups = resourcesOf(pipeline, 'AWS::Logs::LogGroup');
    expect(groups).toHaveLength(21);
    for (const [, { Properties }] of groups) {
      expect(Properties.RetentionInDays).toBe(30);
      expect(String(Properties.LogGroupName)).toMatch(/^\/spotforge\/(functions|stages)\/[a-z-]+$/);
    }
  });
});

describe('a second deployment in the same account', () => {
  it('shares no name with the first', () => {
    const second = synthesise({ name: 'lab' });
    for (const template of Object.values(second.templates))
      expect(JSON.stringify(namesIn(template.toJSON()))).not.toMatch(/spotforge/);
  });

  it('has no value in an export that changes with a deploy: job-definition revisions stay in their stack', () => {
    const exported = Object.entries(pipeline.toJSON().Outputs as Record<string, { Value: unknown; Export?: unknown }>).filter(
      ([, { Export }]) => Export,
    );
    expect(exported.map(([, { Value }]) => asText(Value)).sort()).toEqual([
      '<CreateExperimentFunction.Arn>',
      '<DatasetMachineStateMachine>',
      '<ExperimentStateMachine>',
    ]);
  });
});

/** Values of every property that is called a name. */
function namesIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    /^[A-Z]\w*Name$/.test(key) && typeof inner === 'string' ? [inner] : namesIn(inner),
  );
}
