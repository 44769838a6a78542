import { Duration } from 'aws-cdk-lib';
import { AdjustmentType } from 'aws-cdk-lib/aws-applicationautoscaling';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { ServedModel } from '../config/inference.ts';
import type { ModelBalancer } from './model-balancer.ts';

export const MINUTE = Duration.minutes(1);

/** A server takes a minute from the decision until it answers: load may grow by two thirds meanwhile before the others are full. */
const CPU_PERCENT = 60;

/** Until the servers of the last decision answer, none is added for the same reason. */
const SCALE_OUT_COOLDOWN = Duration.seconds(60);
/** Longer than a lull: what is taken away too early has to be started again. */
const SCALE_IN_COOLDOWN = Duration.minutes(5);

/** What 95 of 100 requests stay below, in seconds, as the load balancer sees it. */
export const latencyOf = ({ balancer }: ModelBalancer): Metric =>
  balancer.metrics.targetResponseTime({ period: MINUTE, statistic: Stats.percentile(95) });

/**
 * Servers follow the processor, up and down; and they become more when requests wait although the processor has room, as long ones in the queue do. That is
 * a step and no target: latency does not halve with twice the servers, and a controller that believes so would never come to rest.
 */
export const scaleWithLoad = (service: FargateService, served: ServedModel, balancer: ModelBalancer): void => {
  const { minTasks, maxTasks, p95Milliseconds } = served;
  const scaling = service.autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: maxTasks });
  scaling.scaleOnCpuUtilization('Processor', {
    targetUtilizationPercent: CPU_PERCENT,
    scaleOutCooldown: SCALE_OUT_COOLDOWN,
    scaleInCooldown: SCALE_IN_COOLDOWN,
  });
  const slow = p95Milliseconds / 1000;
  scaling.scaleOnMetric('Latency', {
    metric: latencyOf(balancer),
    adjustmentType: AdjustmentType.CHANGE_IN_CAPACITY,
    scalingSteps: [
      { lower: slow, change: +2 },
      { lower: 2 * slow, change: +4 },
    ],
    cooldown: SCALE_OUT_COOLDOWN,
    evaluationPeriods: 2, // minutes: one slow minute may be one slow caller
  });
};
