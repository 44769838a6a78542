import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { REHEARSALS, rehearsalCommand } from '../../../functions/shared/contracts/names.ts';
import { resourcesFor, statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { templates } = synthesise();
const template = templates.rehearsal;
const statements = statementsOf(template);

const substitutionsOf = (of: typeof template): Record<string, unknown> => {
  const machines = resourcesOf(of, 'AWS::StepFunctions::StateMachine').map(([, machine]) => machine);
  return machines.find(({ Properties }) => Properties.StateMachineName === 'spotforge-rehearsal')?.Properties
    .DefinitionSubstitutions as Record<string, unknown>;
};

describe('the rehearsal stack', () => {
  it('starts a rehearsal on the first day of each quarter, in our name, with a place for what was not started', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Name: 'spotforge-rehearse',
      ScheduleExpression: 'cron(0 5 1 1,4,7,10 ? *)',
      State: 'ENABLED',
      Targets: [
        Match.objectLike({
          Arn: Match.anyValue(),
          Input: '{}',
          DeadLetterConfig: Match.anyValue(),
          RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 3 },
        }),
      ],
    });
    expect(resourcesFor(statements, '<ScheduleRole>', 'states:StartExecution')).toEqual(['<RehearsalStateMachine>']);
  });

  it('runs each rehearsal by its own module, once, for half an hour at most, on CPUs', () => {
    const definitions = resourcesOf(template, 'AWS::Batch::JobDefinition').map(([, { Properties }]) => Properties);
    expect(definitions.map(({ JobDefinitionName }) => JobDefinitionName).sort()).toEqual([
      ...REHEARSALS.map((rehearsal) => `spotforge-rehearse-${rehearsal}`),
      'spotforge-spot-check',
    ]);
    for (const rehearsal of REHEARSALS)
      template.hasResourceProperties('AWS::Batch::JobDefinition', {
        JobDefinitionName: `spotforge-rehearse-${rehearsal}`,
        RetryStrategy: { Attempts: 1 },
        Timeout: { AttemptDurationSeconds: 1800 },
        ContainerProperties: Match.objectLike({ Command: rehearsalCommand(rehearsal), Privileged: false, User: '1001' }),
      });
    expect(JSON.stringify(definitions)).not.toContain('"GPU"');
    expect(asText(substitutionsOf(template).JobQueueArn)).toBe('<cpuondemandQueue.JobQueueArn>');
  });

  it('logs where the instances may write', () => {
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties.LogGroupName);
    expect(groups).toEqual(expect.arrayContaining(REHEARSALS.map((name) => `/spotforge/stages/rehearse-${name}`)));
  });

  it('moves what the deployment chose', () => {
    const upgrade = { package: 'numpy', version: '2.5.0' };
    synthesise({ rehearsals: { upgrade } }).templates.rehearsal.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'spotforge-find-subjects',
      Environment: { Variables: Match.objectLike({ UPGRADE: JSON.stringify(upgrade) }) },
    });
  });

  it('waits for the stack whose bus it announces on, and imports nothing from it that changes with a deploy', () => {
    const imports = JSON.stringify(template.toJSON()).match(/spotforge-pipeline:[A-Za-z]+/g) ?? [];
    expect(imports).toEqual([]);
  });
});

describe('the roles of a rehearsal', () => {
  it.each(REHEARSALS)('%s reads specs and what it rehearses with, and writes its one finding', (rehearsal) => {
    const role = `<Rehearsal${rehearsal}Role>`;
    const subject = rehearsal === 'restore' ? '<Checkpoints.Arn>/*' : '<Releases.Arn>/bundles/*';
    expect(resourcesFor(statements, role, 's3:GetObject')).toEqual([subject, '<Experiments.Arn>/experiments/*/spec.json'].sort());
    expect(resourcesFor(statements, role, 's3:PutObject')).toEqual([`<Experiments.Arn>/rehearsals/*/${rehearsal}.json`]);
    expect(resourcesFor(statements, role, 's3:ListBucket')).toEqual(rehearsal === 'restore' ? ['<Checkpoints.Arn>'] : []);
    const actions = statements.filter((statement) => statement.role === role).flatMap((statement) => statement.actions);
    expect([...new Set(actions)].every((action) => action.startsWith('s3:'))).toBe(true);
  });

  it('let the state machine submit the three jobs to one queue, look at jobs, end them, and call its two functions', () => {
    const own = (action: string) => resourcesFor(statements, '<RehearsalRole>', action);
    expect(own('batch:SubmitJob')).toEqual(
      ['<cpuondemandQueue.JobQueueArn>', ...REHEARSALS.map((rehearsal) => `<Rehearsal${rehearsal}Definition>`)].sort(),
    );
    expect(own('lambda:InvokeFunction')).toEqual(['<FindSubjectsFunction.Arn>', '<PublishReportFunction.Arn>']);
    const actions = statements.filter(({ role }) => role === '<RehearsalRole>').flatMap(({ actions }) => actions);
    expect(actions.sort()).toEqual(['batch:DescribeJobs', 'batch:SubmitJob', 'batch:TerminateJob', 'lambda:InvokeFunction']);
  });

  it('let one function list, and the other read findings, write the report and announce rehearsals', () => {
    const of = (role: string) =>
      statements.filter((statement) => statement.role === role && !statement.actions.includes('logs:PutLogEvents'));
    expect(of('<FindSubjectsRole>').map(({ actions, resources, condition }) => [actions, resources, condition])).toEqual([
      [['s3:ListBucket'], ['<Checkpoints.Arn>'], undefined],
      [['s3:ListBucket'], ['<Releases.Arn>'], { StringLike: { 's3:prefix': ['bundles/*'] } }],
    ]);
    expect(resourcesFor(statements, '<PublishReportRole>', 's3:PutObject')).toEqual([
      '<Experiments.Arn>/rehearsals/*/report.json',
    ]);
    expect(of('<PublishReportRole>').at(-1)).toMatchObject({
      actions: ['events:PutEvents'],
      condition: { StringEquals: { 'events:source': 'spotforge.rehearsals' } },
    });
  });
});

describe('the reclaim of a spot host', () => {
  it('is off: nothing of AWS FIS is there', () => {
    template.resourceCountIs('AWS::FIS::ExperimentTemplate', 0);
    expect(substitutionsOf(template).InterruptionTemplateId).toBe('none');
    expect(statements.flatMap(({ actions }) => actions).filter((action) => /^(fis|iam):/.test(action))).toEqual([]);
  });

  it('gives one host of gpu-spot of this deployment its two minutes when it is on, and is no failure when there is none', () => {
    const on = synthesise({ rehearsals: { interruptSpotHost: true } }).templates.rehearsal;
    on.hasResourceProperties('AWS::FIS::ExperimentTemplate', {
      Actions: {
        Reclaim: {
          ActionId: 'aws:ec2:send-spot-instance-interruptions',
          Parameters: { durationBeforeInterruption: 'PT2M' },
          Targets: { SpotInstances: 'Host' },
        },
      },
      Targets: {
        Host: {
          ResourceType: 'aws:ec2:spot-instance',
          ResourceTags: { 'spotforge:deployment': 'spotforge', Name: 'spotforge-gpu-spot' },
          Filters: [{ Path: 'State.Name', Values: ['running'] }],
          SelectionMode: 'COUNT(1)',
        },
      },
      ExperimentOptions: { AccountTargeting: 'single-account', EmptyTargetResolutionMode: 'skip' },
    });
    expect(asText(substitutionsOf(on).InterruptionTemplateId)).toBe('<SpotInterruptionTemplate.Id>');
    const rights = statementsOf(on);
    expect(rights.filter(({ role }) => role === '<SpotInterruptionRole>')).toMatchObject([
      {
        actions: ['ec2:SendSpotInstanceInterruptions'],
        condition: { StringEquals: { 'ec2:ResourceTag/spotforge:deployment': 'spotforge' } },
      },
      { actions: ['ec2:DescribeInstances'], resources: ['*'] },
    ]);
    expect(resourcesFor(rights, '<RehearsalRole>', 'fis:StartExperiment')).toHaveLength(2);
  });

  it('finds the hosts by the tags that the compute stack gives them', () => {
    const [name] = resourcesOf(templates.compute, 'AWS::Batch::ComputeEnvironment')
      .map(([, { Properties }]) => (Properties.ComputeResources as { Tags: { Name: string } }).Tags.Name)
      .filter((tag) => tag === 'spotforge-gpu-spot');
    expect(name).toBe('spotforge-gpu-spot');
    expect(JSON.stringify(resourcesOf(templates.compute, 'AWS::EC2::LaunchTemplate'))).toContain(
      '{"Key":"spotforge:deployment","Value":"spotforge"}',
    );
  });
});
