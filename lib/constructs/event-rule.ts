import type { Duration } from 'aws-cdk-lib';
import { type EventBus, type EventPattern, Rule, type Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { CfnEventInvokeConfig } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { allow } from './allow.ts';
import type { PipelineFunction } from './pipeline-function.ts';

export type EventRuleProps = {
  deployment: Deployment;
  name: string;
  description: string;
  /** Absent: the account's default bus, where AWS services publish. */
  bus?: EventBus;
  when: { eventPattern: EventPattern } | { schedule: Schedule };
  target: PipelineFunction;
  undelivered: IQueue;
  maxAge: Duration;
};

/** EventBridge's default of 185 tries would bring an event a day late; what four tries do not deliver, the supervisor repairs within a minute. */
const RETRIES = 3;
/** Of a function that throws, after one and two minutes; Lambda takes no more than two. */
const FUNCTION_RETRIES = 2;

/**
 * From a bus or the clock to one function, with bounded retries and a place for what could not be delivered. An event is delivered for
 * EventBridge once Lambda has taken it: should the function then fail, it is Lambda that tries again and keeps the event.
 */
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
      targets: [new LambdaFunction(target.lambda, { retryAttempts: RETRIES, maxEventAge: maxAge, deadLetterQueue: undelivered })],
    });
    allow(target.role, { actions: ['sqs:SendMessage'], resources: [undelivered.queueArn] });
    const invocation = new CfnEventInvokeConfig(this, 'Invocation', {
      functionName: target.lambda.functionName,
      qualifier: '$LATEST',
      maximumRetryAttempts: FUNCTION_RETRIES,
      maximumEventAgeInSeconds: maxAge.toSeconds(),
      destinationConfig: { onFailure: { destination: undelivered.queueArn } },
    });
    invocation.node.addDependency(target.role); // Lambda checks at once that the role may send to the queue
  }
}
