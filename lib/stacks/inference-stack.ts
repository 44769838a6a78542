import { Stack, Validations } from 'aws-cdk-lib';
import { Cluster, ContainerInsights, type ICluster } from 'aws-cdk-lib/aws-ecs';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { servedModels } from '../config/inference.ts';
import { BalancerLogs } from '../constructs/balancer-logs.ts';
import { ModelService } from '../constructs/model-service.ts';
import type { Network } from '../constructs/network.ts';
import type { Buckets } from '../constructs/storage-references.ts';
import type { Repositories } from './storage-stack.ts';

export type InferenceStackProps = { deployment: Deployment; buckets: Buckets; repositories: Repositories; network: Network };

/** Answers with released models: for each one that is configured a service of its own behind a load balancer of its own. */
export class InferenceStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, buckets, repositories, network }: InferenceStackProps) {
    super(scope, id, { description: `Spotforge ${deployment.name}: inference servers and their load balancers` });
    const { inference: repository } = repositories;
    if (!repository) throw new Error('Models are served, but there is no repository for the image of the server.');

    const bus = EventBus.fromEventBusName(this, 'Bus', deployment.name);
    const cluster = new Cluster(this, 'Cluster', {
      clusterName: `${deployment.name}-inference`,
      vpc: network.vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    }) as ICluster; // as Network's vpc
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason:
        'Container Insights bills a dozen custom metrics for each service. What the alarms and the scaling need, ECS and the load balancer measure for nothing; the server has its own figures at /metrics.',
    });
    const logs = new BalancerLogs(this, 'BalancerLogs', { deployment });

    for (const served of servedModels(deployment)) {
      const { tenant, model } = served;
      new ModelService(this, `${tenant}-${model}`, { deployment, served, cluster, network, buckets, repository, bus, logs });
    }
  }
}
