import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, type Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { allow } from './allow.ts';
import type { AslStateMachine } from './asl-state-machine.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';

export type ExecutionSchedule = {
  machine: AslStateMachine;
  schedule: Schedule;
  /** What the role does, for its description. */
  does: string;
  /** When, for the rule's description. */
  when: string;
  /** Names of the rule and of the queue of what was not started. */
  names: { rule: string; unstarted: string };
  /** Ids of role, rule and queue in the scope: resources keep theirs, or a deploy would replace a rule by one of its own name. */
  ids: { role: string; rule: string; unstarted: string };
};

/** Starts executions on a schedule, in a name of ours, with a place for what could not be started. */
export const scheduleExecutions = (scope: Construct, { machine, schedule, does, when, names, ids }: ExecutionSchedule): void => {
  const starter = new Role(scope, ids.role, { assumedBy: new ServicePrincipal('events.amazonaws.com'), description: does });
  allow(starter, { actions: ['states:StartExecution'], resources: [machine.stateMachine.stateMachineArn] });
  new Rule(scope, ids.rule, {
    ruleName: names.rule,
    description: when,
    schedule,
    targets: [
      new SfnStateMachine(machine.stateMachine, {
        role: starter.withoutPolicyUpdates(),
        input: RuleTargetInput.fromObject({}),
        deadLetterQueue: new DeadLetterQueue(scope, ids.unstarted, { queueName: names.unstarted }),
        retryAttempts: 3,
        maxEventAge: Duration.hours(1), // started by hand is started too
      }),
    ],
  });
};
