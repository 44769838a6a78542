import * as z from 'zod';
import type { Resource, Resources } from '../../deployment/template-resources.ts';
import { TierFailure } from '../../tier/tier-failure.ts';
import type { BillItem, Charge, Pricing } from '../bill-item.ts';
import { workOfFunction, workOfMachine } from '../idle-work.ts';
import { HOURS, type PriceName } from '../prices.ts';
import { BYTES_PER_GB, LOG_BYTES_PER_INVOCATION } from '../reference-usage.ts';
import { timesPerMonth } from '../schedule-expression.ts';

const rule = z.looseObject({
  Name: z.string(),
  ScheduleExpression: z.string().optional(),
  State: z.string().default('ENABLED'),
  Targets: z.array(z.looseObject({ Arn: z.unknown() })).default([]),
});
const schedule = z.looseObject({
  Name: z.string().optional(),
  ScheduleExpression: z.string(),
  State: z.string().default('ENABLED'),
  Target: z.looseObject({ Arn: z.unknown() }),
});
const lambda = z.looseObject({
  FunctionName: z.string(),
  MemorySize: z.number().default(128),
  Architectures: z.array(z.string()).default(['x86_64']),
});
const machine = z.looseObject({ StateMachineName: z.string() });

type Started = { name: string; price: PriceName; times: number; stack: string; targets: unknown[] };

const HOST = 'ec2.m6i.large';
const HOST_DISK_GB = 100;

const functionItems = (name: string, times: number, { properties }: Resource, charge: Charge): BillItem[] => {
  const { FunctionName, MemorySize, Architectures } = lambda.parse(properties);
  const { seconds, reads, sqsRequests } = workOfFunction(FunctionName);
  const duration: PriceName = Architectures.includes('arm64') ? 'lambda.arm' : 'lambda.x86';
  return [
    charge(`${name}: Lambda requests`, 'lambda.request', times),
    charge(`${name}: Lambda duration`, duration, (times * seconds * MemorySize) / 1024),
    charge(`${name}: log ingestion`, 'logs.ingestion', (times * LOG_BYTES_PER_INVOCATION) / BYTES_PER_GB),
    ...(reads > 0 ? [charge(`${name}: DynamoDB reads`, 'dynamodb.read', times * reads)] : []),
    ...(sqsRequests > 0 ? [charge(`${name}: SQS requests`, 'sqs.request', times * sqsRequests)] : []),
  ];
};

/** What its own functions cost is below a thousandth of a cent: requests are counted, so that it is seen. */
const machineItems = (name: string, times: number, { properties }: Resource, charge: Charge): BillItem[] => {
  const { transitions, instanceHours, invocations } = workOfMachine(machine.parse(properties).StateMachineName);
  const hours = times * instanceHours;
  return [
    charge(`${name}: state transitions`, 'states.transition', times * transitions),
    charge(`${name}: Lambda requests`, 'lambda.request', times * invocations),
    charge(`${name}: instances`, HOST, hours),
    charge(`${name}: their disks`, 'ebs.gp3', (hours * HOST_DISK_GB) / HOURS),
    charge(`${name}: their addresses`, 'vpc.public-ipv4', hours),
  ];
};

const startedBy = (resources: Resources): Started[] => [
  ...resources.ofType('AWS::Events::Rule').flatMap(({ stack, properties }): Started[] => {
    const { Name, ScheduleExpression, State, Targets } = rule.parse(properties);
    if (ScheduleExpression === undefined || State === 'DISABLED') return [];
    // The pricing page knows no price of a rule's schedule; a custom event's is the most that it could be.
    return [
      {
        name: Name,
        price: 'events.event',
        times: timesPerMonth(ScheduleExpression),
        stack,
        targets: Targets.map(({ Arn }) => Arn),
      },
    ];
  }),
  ...resources.ofType('AWS::Scheduler::Schedule').flatMap(({ stack, id, properties }): Started[] => {
    const { Name = id, ScheduleExpression, State, Target } = schedule.parse(properties);
    if (State === 'DISABLED') return [];
    return [
      { name: Name, price: 'scheduler.invocation', times: timesPerMonth(ScheduleExpression), stack, targets: [Target.Arn] },
    ];
  }),
];

const targetItems = ({ name, times, stack }: Started, target: unknown, resources: Resources, charge: Charge): BillItem[] => {
  const resource = resources.target(stack, target);
  if (resource?.type === 'AWS::Lambda::Function') return functionItems(name, times, resource, charge);
  if (resource?.type === 'AWS::StepFunctions::StateMachine') return machineItems(name, times, resource, charge);
  throw new TierFailure(
    `The schedule ${name} starts ${resource?.type ?? JSON.stringify(target)}, which the idle bill cannot price.`,
  );
};

export const SCHEDULES: Pricing = {
  types: ['AWS::Events::Rule', 'AWS::Scheduler::Schedule'],
  items: (resources, charge) =>
    startedBy(resources).flatMap((started) => [
      charge(`${started.name}: schedule`, started.price, started.times),
      ...started.targets.flatMap((target) => targetItems(started, target, resources, charge)),
    ]),
};
