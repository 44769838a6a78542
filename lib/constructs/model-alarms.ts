import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { HttpCodeElb, HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import type { ServedModel } from '../config/inference.ts';
import type { ModelBalancer } from './model-balancer.ts';
import { latencyOf, MINUTE } from './model-scaling.ts';

export type ModelAlarmsProps = {
  deployment: Deployment;
  served: ServedModel;
  name: string;
  balancer: ModelBalancer;
  logs: ILogGroup;
};

/** One answer in a hundred, and five of them a minute: one failure of a quiet night wakes nobody. */
const FAILED_PERCENT = 1;
const FAILED_COUNT = 5;

/** What the servers log as one line of JSON when a version cannot be downloaded, verified or loaded. */
export const LOAD_FAILED = 'model-load-failed';

/** Ring when callers are failed, kept waiting, or about to be; each one of them also rolls a deployment back. What to do then: docs/inference-stack.md, "When an alarm rings". */
export class ModelAlarms extends Construct {
  readonly names: string[];

  constructor(scope: Construct, id: string, { deployment, served, name, balancer, logs }: ModelAlarmsProps) {
    super(scope, id);
    const { alarmTopic } = deployment.inference;
    const action = alarmTopic === undefined ? undefined : new SnsAction(Topic.fromTopicArn(this, 'Topic', alarmTopic));
    const what = `${served.tenant}/${served.model}`;
    const loads = this.loadFailures(deployment, what, logs);
    const slowSeconds = (3 * served.p95Milliseconds) / 1000;

    const alarms = [
      this.alarm('Errors', action, {
        alarmName: `${name}-errors`,
        alarmDescription: `${what}: more than ${FAILED_PERCENT} % of the requests end with a 5xx, those that the load balancer answers included.`,
        metric: failedPercent(balancer),
        threshold: FAILED_PERCENT,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        ...{ evaluationPeriods: 3, datapointsToAlarm: 2 },
      }),
      this.alarm('Latency', action, {
        alarmName: `${name}-latency`,
        alarmDescription: `${what}: one request in twenty takes longer than ${slowSeconds * 1000} ms, and more servers have not helped.`,
        metric: latencyOf(balancer),
        threshold: slowSeconds,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluateLowSampleCountPercentile: 'ignore', // of a handful of requests the slowest is no percentile
        ...{ evaluationPeriods: 5, datapointsToAlarm: 4 },
      }),
      this.alarm('Unhealthy', action, {
        alarmName: `${name}-unhealthy`,
        alarmDescription: `${what}: a server has not been ready for five minutes.`,
        metric: unhealthyServers(balancer),
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 5,
      }),
      this.alarm('LoadFailures', action, {
        alarmName: `${name}-load-failures`,
        alarmDescription: `${what}: a version could not be loaded; what was served before still is. The server's log says which one and why (event ${LOAD_FAILED}).`,
        metric: loads.metric({ period: MINUTE, statistic: Stats.SUM }),
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
      }),
    ];
    this.names = alarms.map(({ alarmName }) => alarmName);
  }

  private alarm(id: string, action: IAlarmAction | undefined, props: AlarmProps): Alarm {
    const alarm = new Alarm(this, id, { treatMissingData: TreatMissingData.NOT_BREACHING, ...props });
    if (action) alarm.addAlarmAction(action);
    return alarm;
  }

  /** Without a value for minutes in which none failed: a metric is billed for the hours in which it has one. */
  private loadFailures(deployment: Deployment, what: string, logGroup: ILogGroup): MetricFilter {
    return new MetricFilter(this, 'LoadFailureFilter', {
      logGroup,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.level', '=', 'ERROR'),
        FilterPattern.stringValue('$.event', '=', LOAD_FAILED),
      ),
      metricNamespace: `${deployment.name}/inference`,
      metricName: `${what} load failures`,
      metricValue: '1',
    });
  }
}

/** Of all requests, those that no server got included: without a server the balancer answers 503, and counts no request. */
const failedPercent = ({ balancer: { metrics } }: ModelBalancer): IMetric => {
  const perMinute = { period: MINUTE, statistic: Stats.SUM };
  return new MathExpression({
    label: 'Failed requests, percent',
    period: MINUTE,
    expression: `IF(FILL(servers, 0) + FILL(balancer, 0) >= ${FAILED_COUNT}, 100 * (FILL(servers, 0) + FILL(balancer, 0)) / (FILL(requests, 0) + FILL(balancer, 0)), 0)`,
    usingMetrics: {
      servers: metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, perMinute),
      balancer: metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, perMinute),
      requests: metrics.requestCount(perMinute),
    },
  });
};

/** In both groups: which of them answers changes with every deployment. */
const unhealthyServers = ({ blue, green }: ModelBalancer): IMetric => {
  const most = { period: MINUTE, statistic: Stats.MAXIMUM };
  return new MathExpression({
    label: 'Servers that are not ready',
    period: MINUTE,
    expression: 'FILL(blue, 0) + FILL(green, 0)',
    usingMetrics: { blue: blue.metrics.unhealthyHostCount(most), green: green.metrics.unhealthyHostCount(most) },
  });
};
