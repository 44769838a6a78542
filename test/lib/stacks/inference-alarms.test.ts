import { describe, expect, it } from 'vitest';
import { asText } from '../synthesised.ts';
import { inference, MODEL, only, open, type Properties, propertiesOf } from './served-models.ts';

describe('an alarm', () => {
  const alarm = (name: string): Properties => {
    const all = propertiesOf(inference, 'AWS::CloudWatch::Alarm', MODEL);
    const found = all.find(({ AlarmName }) => AlarmName === `full-acme-acme-sentiment-${name}`);
    if (!found) throw new Error(`there is no alarm ${name}`);
    return found;
  };
  const metricsOf = ({ Metrics }: Properties): string[] =>
    (Metrics as { MetricStat?: { Metric: { MetricName: string } } }[]).flatMap(
      ({ MetricStat }) => MetricStat?.Metric.MetricName ?? [],
    );

  it('rings for more than one failed request in a hundred, those without a server included, but not for fewer than five', () => {
    const errors = alarm('errors');
    expect(errors).toMatchObject({
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
    });
    expect(metricsOf(errors).sort()).toEqual(['HTTPCode_ELB_5XX_Count', 'HTTPCode_Target_5XX_Count', 'RequestCount']);
    expect(JSON.stringify(errors.Metrics)).toContain('>= 5');
  });

  it('rings when p95 stays at three times what servers are added for', () => {
    expect(alarm('latency')).toMatchObject({ MetricName: 'TargetResponseTime', ExtendedStatistic: 'p95', Threshold: 0.3 });
  });

  it('rings when a server of either colour is not ready for five minutes', () => {
    const unhealthy = alarm('unhealthy');
    expect(metricsOf(unhealthy)).toEqual(['UnHealthyHostCount', 'UnHealthyHostCount']);
    expect(unhealthy).toMatchObject({ Threshold: 1, EvaluationPeriods: 5 });
  });

  it('rings when a version cannot be loaded, by the line that the server logs', () => {
    const filter = only(inference, 'AWS::Logs::MetricFilter', MODEL);
    expect(filter.FilterPattern).toBe('{ ($.level = "ERROR") && ($.event = "model-load-failed") }');
    expect(asText(filter.LogGroupName)).toBe('<acmesentimentTaskLogs>');
    const [{ MetricName, MetricNamespace } = {}] = filter.MetricTransformations as Properties[];
    expect(alarm('load-failures')).toMatchObject({
      MetricName,
      Namespace: MetricNamespace,
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 1,
    });
  });

  it('tells the topic that is configured, and is silent when nothing was measured', () => {
    for (const name of ['errors', 'latency', 'unhealthy', 'load-failures']) {
      expect(alarm(name)).toMatchObject({
        TreatMissingData: 'notBreaching',
        AlarmActions: ['arn:aws:sns:us-east-1:123456789012:on-call'],
      });
    }
    for (const { AlarmName, AlarmActions } of propertiesOf(open, 'AWS::CloudWatch::Alarm'))
      if (AlarmName !== undefined) expect(AlarmActions).toBeUndefined();
  });
});
