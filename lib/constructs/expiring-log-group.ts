import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

/** A log group that is part of the stack: it has retention from the first line on and goes when the stack goes. */
export class ExpiringLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { deployment, logGroupName }: { deployment: Deployment; logGroupName: string }) {
    const retention: RetentionDays = deployment.logRetentionDays;
    super(scope, id, { logGroupName, retention, removalPolicy: RemovalPolicy.DESTROY });
  }
}

/** The streams of a log group. By name: an attribute would end in `:*` on AWS, which is hard to see in a policy. */
export const streamsOf = (group: ExpiringLogGroup): string =>
  `${Stack.of(group).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: group.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })}:log-stream:*`;
