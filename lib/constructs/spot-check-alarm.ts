import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import type { AslStateMachine } from './asl-state-machine.ts';

/**
 * Rings when a spot check ends failed: a model drifted, or nothing is known of one. By a metric that Step Functions keeps for nothing; it goes out
 * by itself after the hour, for whoever is told is told once a night.
 */
export class SpotCheckAlarm extends Alarm {
  constructor(scope: Construct, id: string, { deployment, machine }: { deployment: Deployment; machine: AslStateMachine }) {
    super(scope, id, {
      alarmName: `${deployment.name}-spot-check`,
      alarmDescription:
        'A released model no longer answers as it did when it was released, or could not be asked. docs/runbook.md, "A spot check alarms".',
      metric: machine.stateMachine.metricFailed({ period: Duration.hours(1), statistic: 'Sum' }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const { alarmTopic } = deployment.spotChecks;
    if (alarmTopic !== undefined) this.addAlarmAction(new SnsAction(Topic.fromTopicArn(this, 'Topic', alarmTopic)));
  }
}
