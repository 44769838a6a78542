import * as z from 'zod';
import type { Resource, Resources } from '../../deployment/template-resources.ts';
import { TierFailure } from '../../tier/tier-failure.ts';
import { type BillItem, type Charge, each, type Pricing } from '../bill-item.ts';
import { HOURS } from '../prices.ts';

const service = z.looseObject({
  ServiceName: z.string(),
  TaskDefinition: z.unknown(),
  DesiredCount: z.number().default(1),
  NetworkConfiguration: z.looseObject({ AwsvpcConfiguration: z.looseObject({ AssignPublicIp: z.string().default('DISABLED') }) }),
});
const definition = z.looseObject({
  Cpu: z.coerce.number(),
  Memory: z.coerce.number(),
  RuntimePlatform: z.looseObject({ CpuArchitecture: z.string().default('X86_64') }).default({ CpuArchitecture: 'X86_64' }),
});
const scalable = z.looseObject({ ResourceId: z.unknown(), MinCapacity: z.number() });
const balancer = z.looseObject({ Scheme: z.string().default('internet-facing'), Subnets: z.array(z.unknown()).default([]) });
const policy = z.looseObject({ PolicyType: z.string() });

/** CloudWatch alarms that target tracking makes for itself: one to add, one to take away. No template shows them. */
const ALARMS_OF_TRACKING = 2;

/** As many as scaling leaves when nobody asks. */
const idleTasks = ({ stack, id, properties }: Resource, resources: Resources): number =>
  resources
    .ofType('AWS::ApplicationAutoScaling::ScalableTarget')
    .filter((target) => target.stack === stack)
    .map((target) => scalable.parse(target.properties))
    .find(({ ResourceId }) => JSON.stringify(ResourceId).includes(`"${id}"`))?.MinCapacity ??
  service.parse(properties).DesiredCount;

/** Tasks are billed by what they ask for, whether they use it or not. */
const taskItems = (of: Resource, resources: Resources, charge: Charge): BillItem[] => {
  const { ServiceName, TaskDefinition, NetworkConfiguration } = service.parse(of.properties);
  const task = resources.target(of.stack, TaskDefinition);
  if (!task) throw new TierFailure(`The service ${ServiceName} of ${of.stack} runs a task definition that no template has.`);
  const { Cpu, Memory, RuntimePlatform } = definition.parse(task.properties);
  if (RuntimePlatform.CpuArchitecture !== 'ARM64')
    throw new TierFailure(
      `The service ${ServiceName} of ${of.stack} runs on ${RuntimePlatform.CpuArchitecture}, whose price is not in the table.`,
    );
  const hours = idleTasks(of, resources) * HOURS;
  const open = NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp === 'ENABLED';
  return [
    charge(`${ServiceName}: processors of tasks`, 'fargate.arm-vcpu', (hours * Cpu) / 1024),
    charge(`${ServiceName}: memory of tasks`, 'fargate.arm-memory', (hours * Memory) / 1024),
    ...(open ? [charge(`${ServiceName}: addresses of tasks`, 'vpc.public-ipv4', hours)] : []),
  ];
};

/** Without requests, load balancers are billed by the hour; one that faces the internet has an address in each of its subnets. */
const balancerItems = (resources: Resources, charge: Charge): BillItem[] => {
  const balancers = resources
    .ofType('AWS::ElasticLoadBalancingV2::LoadBalancer')
    .map(({ properties }) => balancer.parse(properties));
  const addresses = balancers
    .filter(({ Scheme }) => Scheme === 'internet-facing')
    .reduce((sum, { Subnets }) => sum + Subnets.length, 0);
  return [
    ...each(charge, 'load balancers', 'elb.application', balancers.length * HOURS),
    ...each(charge, 'addresses of load balancers', 'vpc.public-ipv4', addresses * HOURS),
  ];
};

export const SERVICES: Pricing = {
  types: ['AWS::ECS::Service', 'AWS::ElasticLoadBalancingV2::LoadBalancer', 'AWS::ApplicationAutoScaling::ScalingPolicy'],
  items: (resources, charge) => [
    ...resources.ofType('AWS::ECS::Service').flatMap((one) => taskItems(one, resources, charge)),
    ...balancerItems(resources, charge),
    ...each(
      charge,
      'alarms of target tracking',
      'cloudwatch.alarm',
      ALARMS_OF_TRACKING *
        resources
          .ofType('AWS::ApplicationAutoScaling::ScalingPolicy')
          .filter(({ properties }) => policy.parse(properties).PolicyType === 'TargetTrackingScaling').length,
    ),
  ],
};
