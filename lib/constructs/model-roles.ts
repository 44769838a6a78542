import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { EVENTS } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { bundlesOf, desiredStateOf, type ServedModel } from '../config/inference.ts';
import type { AdminToken } from './admin-token.ts';
import { allow } from './allow.ts';
import { type ExpiringLogGroup, streamsOf } from './expiring-log-group.ts';
import { pullableRepositoryArn } from './image-reference.ts';
import { encrypts } from './key-use.ts';
import type { ModelBalancer } from './model-balancer.ts';
import type { Buckets } from './storage-references.ts';

type Served = { deployment: Deployment; served: ServedModel };

const NO_RESOURCE = 'AWS defines no resource for it.';

/** What the server does: reads versions of its one model, reads and writes the document that says which are served, tells what it answered. */
export const servingRole = (
  scope: Construct,
  { deployment, served, buckets, bus }: Served & { buckets: Buckets; bus: IEventBus },
): Role => {
  const role = new Role(scope, 'ServerRole', {
    assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    description: `${deployment.name}: serves ${served.tenant}/${served.model}`,
  });
  const { releases } = buckets;
  const [bundles, state] = [bundlesOf(served), desiredStateOf(served)];
  allow(role, {
    actions: ['s3:GetObject'],
    resources: [releases.arnForObjects(`${bundles}*`)],
    because: 'Versions of this one model: which of them is served is decided while it runs.',
  });
  allow(role, { actions: ['s3:GetObject', 's3:PutObject'], resources: [releases.arnForObjects(state)] }); // the bucket's policy wants If-Match
  // S3 takes the key of a missing object for the prefix when it decides between 404 and 403: without it, absence would look like a refusal.
  allow(role, {
    actions: ['s3:ListBucket'],
    resources: [releases.bucketArn],
    conditions: { StringLike: { 's3:prefix': [`${bundles}*`, state] } },
  });
  for (const permission of encrypts(releases, 's3')) allow(role, permission);
  allow(role, {
    actions: ['events:PutEvents'],
    resources: [bus.eventBusArn],
    conditions: { StringEquals: { 'events:source': EVENTS.consumptionRecorded.source } },
  });
  return role;
};

/** What Fargate does before the server runs and beside it: pulls its image, takes the one token out of Secrets Manager, ships its log. */
export const executionRole = (
  scope: Construct,
  {
    deployment,
    served,
    repository,
    token,
    logs,
  }: Served & { repository: IRepository; token: AdminToken; logs: ExpiringLogGroup },
): Role => {
  const role = new Role(scope, 'ExecutionRole', {
    assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    description: `${deployment.name}: starts servers of ${served.tenant}/${served.model}`,
  });
  const pulled = pullableRepositoryArn(deployment, 'inference', repository);
  if (pulled !== undefined) {
    allow(role, { actions: ['ecr:GetAuthorizationToken'], resources: ['*'], because: NO_RESOURCE });
    allow(role, {
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      resources: [pulled],
    });
  }
  allow(role, { actions: ['secretsmanager:GetSecretValue'], resources: [token.arn] });
  allow(role, {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [streamsOf(logs)],
    because: 'The streams of its own log group, which ECS names by task.',
  });
  return role;
};

/**
 * What ECS does to the load balancer during a deployment: registers servers with the two target groups and moves the weight of the one rule. It is
 * AWS's AmazonECSInfrastructureRolePolicyForLoadBalancers, held to this balancer and without what concerns network balancers and default rules.
 */
export const balancingRole = (scope: Construct, { deployment, served, balancer }: Served & { balancer: ModelBalancer }): Role => {
  const role = new Role(scope, 'BalancingRole', {
    assumedBy: new ServicePrincipal('ecs.amazonaws.com'),
    description: `${deployment.name}: switches ${served.tenant}/${served.model} between blue and green`,
  });
  allow(role, {
    actions: [
      'elasticloadbalancing:DescribeListeners',
      'elasticloadbalancing:DescribeRules',
      'elasticloadbalancing:DescribeTargetGroups',
      'elasticloadbalancing:DescribeTargetHealth',
    ],
    resources: ['*'],
    because: NO_RESOURCE,
  });
  allow(role, {
    actions: ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
    resources: [balancer.blue.targetGroupArn, balancer.green.targetGroupArn],
  });
  allow(role, { actions: ['elasticloadbalancing:ModifyRule'], resources: [balancer.production.listenerRuleArn] });
  return role;
};
