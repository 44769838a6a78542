import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { SPOT_CHECK_COMMAND } from '../../../functions/shared/contracts/names.ts';
import { resourcesFor, statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { templates } = synthesise();
const template = templates.rehearsal;
const statements = statementsOf(template);

describe('the spot check', () => {
  it('is started each night, in our name, with a place for what was not started', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Name: 'spotforge-spot-check',
      ScheduleExpression: 'cron(0 4 * * ? *)',
      State: 'ENABLED',
      Targets: [Match.objectLike({ Input: '{}', DeadLetterConfig: Match.anyValue() })],
    });
    expect(resourcesFor(statements, '<SpotCheckScheduleRole>', 'states:StartExecution')).toEqual([
      '<SpotCheckMachineStateMachine>',
    ]);
  });

  it('runs one small job, for half an hour at most, on a spot host first and on demand after', () => {
    template.hasResourceProperties('AWS::Batch::JobDefinition', {
      JobDefinitionName: 'spotforge-spot-check',
      RetryStrategy: { Attempts: 1 },
      Timeout: { AttemptDurationSeconds: 1800 },
      ContainerProperties: Match.objectLike({ Command: [...SPOT_CHECK_COMMAND], Privileged: false, User: '1001' }),
    });
    const machine = resourcesOf(template, 'AWS::StepFunctions::StateMachine')
      .map(([, { Properties }]) => Properties)
      .find(({ StateMachineName }) => StateMachineName === 'spotforge-spot-check');
    const { SpotQueueArn, OnDemandQueueArn } = (machine?.DefinitionSubstitutions ?? {}) as Record<string, unknown>;
    expect([asText(SpotQueueArn), asText(OnDemandQueueArn)]).toEqual([
      '<cpuspotQueue.JobQueueArn>',
      '<cpuondemandQueue.JobQueueArn>',
    ]);
  });

  it('alarms once an execution failed, says where to look, and tells the topic that the deployment names', () => {
    const alarm = {
      AlarmName: 'spotforge-spot-check',
      AlarmDescription: Match.stringLikeRegexp('docs/runbook.md, "A spot check alarms"'),
      Namespace: 'AWS/States',
      MetricName: 'ExecutionsFailed',
      Statistic: 'Sum',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    };
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { ...alarm, AlarmActions: Match.absent() });
    const [dimension] = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(
      ([, { Properties }]) => (Properties.Dimensions as [{ Value: unknown }])[0].Value,
    );
    expect(asText(dimension)).toBe('<SpotCheckMachineStateMachine>');

    const alarmTopic = 'arn:aws:sns:us-east-1:123456789012:on-call';
    synthesise({ spotChecks: { alarmTopic } }).templates.rehearsal.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...alarm,
      AlarmActions: [alarmTopic],
    });
  });

  it('is there to be started by hand when it is not to run each night: no schedule, no alarm', () => {
    const off = synthesise({ spotChecks: { nightly: false } }).templates.rehearsal;
    off.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    off.resourceCountIs('AWS::Events::Rule', 1); // the quarterly rehearsal's
    off.hasResourceProperties('AWS::StepFunctions::StateMachine', { StateMachineName: 'spotforge-spot-check' });
  });

  it('looks at as many models as the deployment says', () => {
    synthesise({ spotChecks: { models: 3 } }).templates.rehearsal.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'spotforge-find-releases',
      Environment: { Variables: Match.objectLike({ SPOT_CHECK_MODELS: '3' }) },
    });
  });
});

describe('the roles of a spot check', () => {
  it('let the job read bundles and specs, and write its one finding', () => {
    const role = '<SpotCheckJobRole>';
    expect(resourcesFor(statements, role, 's3:GetObject')).toEqual([
      '<Experiments.Arn>/experiments/*/spec.json',
      '<Releases.Arn>/bundles/*',
    ]);
    expect(resourcesFor(statements, role, 's3:PutObject')).toEqual(['<Experiments.Arn>/spot-checks/*/finding.json']);
    const actions = statements.filter((statement) => statement.role === role).flatMap((statement) => statement.actions);
    expect([...new Set(actions)].sort()).toEqual(['s3:GetObject', 's3:PutObject']);
  });

  it('let the state machine submit its job to two queues, look at jobs, end them, and call its two functions', () => {
    const own = (action: string) => resourcesFor(statements, '<SpotCheckMachineRole>', action);
    expect(own('batch:SubmitJob')).toEqual([
      '<SpotCheckJobDefinition>',
      '<cpuondemandQueue.JobQueueArn>',
      '<cpuspotQueue.JobQueueArn>',
    ]);
    expect(own('lambda:InvokeFunction')).toEqual([
      '<SpotCheckFindReleasesFunction.Arn>',
      '<SpotCheckPublishSpotCheckFunction.Arn>',
    ]);
  });

  it('let one function list releases, and the other read findings, write the report and announce spot checks', () => {
    expect(resourcesFor(statements, '<SpotCheckFindReleasesRole>', 's3:ListBucket')).toEqual(['<Releases.Arn>']);
    expect(resourcesFor(statements, '<SpotCheckPublishSpotCheckRole>', 's3:PutObject')).toEqual([
      '<Experiments.Arn>/spot-checks/*/report.json',
    ]);
    expect(
      statements.find(({ role, actions }) => role === '<SpotCheckPublishSpotCheckRole>' && actions.includes('events:PutEvents')),
    ).toMatchObject({
      condition: { StringEquals: { 'events:source': 'spotforge.spot-checks' } },
    });
  });
});
