import { CfnOutput, Duration } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import {
  AlarmBehavior,
  AlternateTarget,
  AvailabilityZoneRebalancing,
  DeploymentStrategy,
  FargateService,
  type ICluster,
  ListenerRuleConfiguration,
  PropagatedTagSource,
} from 'aws-cdk-lib/aws-ecs';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import type { ServedModel } from '../config/inference.ts';
import { AdminToken } from './admin-token.ts';
import type { BalancerLogs } from './balancer-logs.ts';
import { ModelAlarms } from './model-alarms.ts';
import { ModelBalancer } from './model-balancer.ts';
import { balancingRole, executionRole, servingRole } from './model-roles.ts';
import { scaleWithLoad } from './model-scaling.ts';
import { CONTAINER, ModelTask, SERVER_PORT } from './model-task.ts';
import type { Network } from './network.ts';
import type { Buckets } from './storage-references.ts';

export type ModelServiceProps = {
  deployment: Deployment;
  served: ServedModel;
  cluster: ICluster;
  network: Network;
  buckets: Buckets;
  repository: IRepository;
  bus: IEventBus;
  logs: BalancerLogs;
};

/** Both images answer side by side for so long after the switch: ten of the alarms' minutes, so that what is slow to show still rolls back. */
const BAKE_TIME = Duration.minutes(10);

/** A start downloads the bundle and runs it once before it is ready: seconds for what is usual, minutes for the largest. Until then nobody counts checks. */
const START = Duration.minutes(3);

/** One model: servers on Fargate behind a load balancer; a new image comes blue/green, a new version of the model is the servers' own affair. */
export class ModelService extends Construct {
  constructor(scope: Construct, id: string, props: ModelServiceProps) {
    super(scope, id);
    const { deployment, served, cluster, network, buckets, repository, bus } = props;
    const name = `${deployment.name}-${served.tenant}-${served.model}`;

    const balancer = new ModelBalancer(this, 'Balancer', { ...props, name });
    const token = new AdminToken(this, 'AdminToken', { deployment, served });
    const task = new ModelTask(this, 'Task', {
      ...{ deployment, served, name, buckets, repository, bus, token },
      role: servingRole(this, { deployment, served, buckets, bus }),
      executionRole: (logs) => executionRole(this, { deployment, served, repository, token, logs }),
    });
    const alarms = new ModelAlarms(this, 'Alarms', { deployment, served, name, balancer, logs: task.logs });
    const balancing = balancingRole(this, { deployment, served, balancer });

    const service = new FargateService(this, 'Service', {
      serviceName: name,
      cluster,
      taskDefinition: task.definition,
      vpcSubnets: { subnets: [...network.subnets] },
      assignPublicIp: !deployment.privateSubnets, // without a NAT gateway the only way to ECR, secrets, logs and the bus
      securityGroups: [balancer.servers],
      // As many servers as before answer during a deployment, while scaling in and when ECS moves tasks between zones.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.ENABLED,
      healthCheckGracePeriod: START,
      deploymentStrategy: DeploymentStrategy.BLUE_GREEN,
      bakeTime: BAKE_TIME,
      circuitBreaker: { enable: true, rollback: true },
      deploymentAlarms: { alarmNames: alarms.names, behavior: AlarmBehavior.ROLLBACK_ON_ALARM },
      enableExecuteCommand: false, // a shell in a server is a way around everything else
      enableECSManagedTags: true,
      propagateTags: PropagatedTagSource.SERVICE,
    });
    service
      .loadBalancerTarget({
        containerName: CONTAINER,
        containerPort: SERVER_PORT,
        alternateTarget: new AlternateTarget('Green', {
          alternateTargetGroup: balancer.green,
          productionListener: ListenerRuleConfiguration.applicationListenerRule(balancer.production),
          role: balancing.withoutPolicyUpdates(),
        }),
      })
      .attachToApplicationTargetGroup(balancer.blue);
    service.node.addDependency(...task.roles, balancing, alarms); // ECS uses them as soon as the service is there
    scaleWithLoad(service, served, balancer);

    const whose = `${served.tenant}/${served.model}`;
    new CfnOutput(this, 'Address', {
      value: balancer.address,
      description: `${whose}: what the certificate’s name has to point to`,
    });
    new CfnOutput(this, 'Token', { value: token.arn, description: `${whose}: the secret that promotions want` });
  }
}
