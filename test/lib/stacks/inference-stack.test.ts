import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';
import { inference, MODEL, only, open, type Properties, propertiesOf } from './served-models.ts';

const service = only(inference, 'AWS::ECS::Service', MODEL);

describe('without models that are served', () => {
  it('there is no stack, no template, no repository and nothing of ECS or of a load balancer', () => {
    const { templates, folder } = synthesise();
    expect(templates).not.toHaveProperty('inference');
    expect(readdirSync(folder).filter((file) => file.includes('inference'))).toEqual([]);
    const types = Object.values(templates).flatMap((template) =>
      Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type),
    );
    expect(types.filter((type) => /^AWS::(ECS|ElasticLoadBalancingV2|ApplicationAutoScaling)::/.test(type))).toEqual([]);
    expect(resourcesOf(templates.storage, 'AWS::ECR::Repository')).toHaveLength(3);
  });
});

describe('a service', () => {
  it('is there for each model that is configured, with a load balancer and a cluster for all', () => {
    const names = propertiesOf(inference, 'AWS::ECS::Service').map(({ ServiceName }) => ServiceName);
    expect(names.sort()).toEqual(['full-acme-acme-product-photos', 'full-acme-acme-sentiment']);
    expect(propertiesOf(inference, 'AWS::ElasticLoadBalancingV2::LoadBalancer')).toHaveLength(2);
    expect(only(inference, 'AWS::ECS::Cluster')).toMatchObject({ ClusterName: 'full-acme-inference' });
    expect(propertiesOf(open, 'AWS::ECS::Service')).toHaveLength(1);
  });

  it('is deployed blue/green by ECS itself: two groups, one rule, ten minutes side by side, no fewer servers than before', () => {
    expect(service.DeploymentController).toEqual({ Type: 'ECS' });
    expect(service.DeploymentConfiguration).toMatchObject({
      Strategy: 'BLUE_GREEN',
      BakeTimeInMinutes: 10,
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    });
    const [target = {}, ...others] = service.LoadBalancers as Properties[];
    expect(others).toEqual([]);
    expect(target).toMatchObject({ ContainerName: 'server', ContainerPort: 8080 });
    expect(asText(target.TargetGroupArn)).toBe('<acmesentimentBalancerBlue>');
    const { AlternateTargetGroupArn, ProductionListenerRule, RoleArn } = target.AdvancedConfiguration as Properties;
    expect([AlternateTargetGroupArn, ProductionListenerRule, RoleArn].map(asText)).toEqual([
      '<acmesentimentBalancerGreen>',
      '<acmesentimentBalancerProduction>',
      '<acmesentimentBalancingRole.Arn>',
    ]);
  });

  it('goes back to blue when any of its four alarms rings', () => {
    const { Alarms } = service.DeploymentConfiguration as { Alarms: Properties };
    expect(Alarms).toMatchObject({ Enable: true, Rollback: true });
    expect((Alarms.AlarmNames as unknown[]).map(asText)).toEqual(
      ['Errors', 'Latency', 'Unhealthy', 'LoadFailures'].map((alarm) => `<acmesentimentAlarms${alarm}>`),
    );
  });

  it('leaves the number of servers to scaling: a deployment does not set it back', () => {
    expect(service).not.toHaveProperty('DesiredCount');
  });

  it('is spread over the zones again when one has come back, on Fargate’s newest platform, without a shell', () => {
    expect(service).toMatchObject({ AvailabilityZoneRebalancing: 'ENABLED', LaunchType: 'FARGATE', EnableExecuteCommand: false });
    expect(service.PlatformVersion ?? 'LATEST').toBe('LATEST');
  });

  it('waits for roles, their policies and alarms, which ECS uses at once', () => {
    const [, { DependsOn }] = resourcesOf(inference, 'AWS::ECS::Service').find(([id]) => id.startsWith(MODEL)) ?? [
      '',
      { DependsOn: [] },
    ];
    const named = (DependsOn as string[]).map((id) => id.replace(/[0-9A-F]{8}$/, ''));
    for (const role of ['ServerRole', 'ExecutionRole', 'BalancingRole']) {
      expect(named).toContain(`${MODEL}${role}`);
      expect(named).toContain(`${MODEL}${role}DefaultPolicy`);
    }
  });
});

describe('scaling', () => {
  const policies = propertiesOf(inference, 'AWS::ApplicationAutoScaling::ScalingPolicy', MODEL);

  it('keeps three to twenty servers, or what is configured', () => {
    expect(only(inference, 'AWS::ApplicationAutoScaling::ScalableTarget', MODEL)).toMatchObject({
      MinCapacity: 3,
      MaxCapacity: 20,
      ScalableDimension: 'ecs:service:DesiredCount',
      ServiceNamespace: 'ecs',
    });
    expect(only(inference, 'AWS::ApplicationAutoScaling::ScalableTarget', 'acmeproductphotos')).toMatchObject({ MinCapacity: 1 });
  });

  it('follows the processor up in a minute and down in five', () => {
    expect(policies.find(({ PolicyType }) => PolicyType === 'TargetTrackingScaling')).toMatchObject({
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
        TargetValue: 60,
        ScaleOutCooldown: 60,
        ScaleInCooldown: 300,
      },
    });
  });

  it('adds two servers when p95 stays above 100 ms for two minutes, four above 200 ms, and never takes one away for it', () => {
    const steps = policies.filter(({ PolicyType }) => PolicyType === 'StepScaling');
    expect(steps).toMatchObject([
      {
        StepScalingPolicyConfiguration: {
          AdjustmentType: 'ChangeInCapacity',
          StepAdjustments: [
            { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 0.1, ScalingAdjustment: 2 },
            { MetricIntervalLowerBound: 0.1, ScalingAdjustment: 4 },
          ],
        },
      },
    ]);
    const alarm = propertiesOf(inference, 'AWS::CloudWatch::Alarm', MODEL).find(({ AlarmName }) => AlarmName === undefined);
    expect(alarm).toMatchObject({
      MetricName: 'TargetResponseTime',
      ExtendedStatistic: 'p95',
      Threshold: 0.1,
      EvaluationPeriods: 2,
      Period: 60,
    });
  });
});
