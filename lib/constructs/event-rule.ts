import type { Duration } from 'aws-cdk-lib';
import { type EventBus, type EventPattern, Rule, type Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

export type EventRuleProps = {
  deployment: Deployment;
  name: string;
  description: string;
  /** Absent: the account's default bus, where AWS services publish. */
  bus?: EventBus;
  when: { eventPattern: EventPattern } | { schedule: Schedule };
  target: IFunction;
  undelivered: IQueue;
  maxAge: Duration;
};

/** EventBridge's default of 185 tries would bring an event a day late; what four tries do not deliver, the supervisor repairs within a minute. */
const RETRIES = 3;

/** From a bus or the clock to one function, with bounded retries and a place for what could not be delivered. */
export class EventRule extends Rule {
  constructor(
    scope: Construct,
    id: string,
    { deployment, name, description, bus, when, target, undelivered, maxAge }: EventRuleProps,
  ) {
    super(scope, id, {
      ruleName: `${deployment.name}-${name}`,
      description,
      ...(bus && { eventBus: bus }),
      ...when,
      targets: [new LambdaFunction(target, { retryAttempts: RETRIES, maxEventAge: maxAge, deadLetterQueue: undelivered })],
    });
  }
}
