import { Stack } from 'aws-cdk-lib';
import { CfnInstanceProfile, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { STAGE_IMAGES } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { allow } from './allow.ts';
import { pullableRepositoryArn } from './image-reference.ts';
import { jobLogGroupName } from './stage-job-definition.ts';

/**
 * What an instance may do: register with ECS, pull the three images, ship the stages' logs. Every container on it can take this role
 * from the metadata service (Batch runs single-container jobs in the host's network), so it is not AWS's managed policy, which
 * would let a job read every image and write every log of the account. Of what the agent can do it leaves out network interfaces for
 * tasks and tags of instances passed on to tasks, which nothing here uses.
 */
export class InstanceProfile extends Construct {
  readonly profile: CfnInstanceProfile;

  constructor(
    scope: Construct,
    id: string,
    { deployment, repositories }: { deployment: Deployment; repositories: Repositories },
  ) {
    super(scope, id);
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: `${deployment.name}: Batch instances`,
    });

    allow(role, {
      actions: [
        'ecs:DeregisterContainerInstance',
        'ecs:Poll',
        'ecs:RegisterContainerInstance',
        'ecs:StartTelemetrySession',
        'ecs:SubmitContainerStateChange',
        'ecs:SubmitTaskStateChange',
        'ecs:UpdateContainerInstancesState',
      ],
      resources: [
        stack.formatArn({ service: 'ecs', resource: 'cluster', resourceName: '*' }),
        stack.formatArn({ service: 'ecs', resource: 'container-instance', resourceName: '*' }),
      ],
      because: 'Batch makes the clusters and chooses their names.',
    });
    allow(role, {
      actions: ['ecs:TagResource'],
      resources: [stack.formatArn({ service: 'ecs', resource: 'container-instance', resourceName: '*' })],
      conditions: { StringEquals: { 'ecs:CreateAction': 'RegisterContainerInstance' } },
      because: 'An instance tags itself as it registers, under an id that it does not know before.',
    });
    allow(role, {
      actions: ['ecs:DiscoverPollEndpoint', 'ecr:GetAuthorizationToken'],
      resources: ['*'],
      because: 'AWS defines no resource for these actions.',
    });
    const images = [...new Set(Object.values(STAGE_IMAGES))];
    const pulled = images.flatMap((image) => pullableRepositoryArn(deployment, image, repositories[image]) ?? []);
    if (pulled.length > 0) {
      allow(role, {
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        resources: pulled,
      });
    }
    allow(role, {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [stack.formatArn({ service: 'logs', resource: `log-group:${jobLogGroupName(deployment, '*')}` })],
      because: 'The log groups of the stages, with their streams.',
    });

    this.profile = new CfnInstanceProfile(this, 'Profile', { roles: [role.roleName] });
  }
}
