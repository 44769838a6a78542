import { Stack } from 'aws-cdk-lib';
import { CfnExperimentTemplate } from 'aws-cdk-lib/aws-fis';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import type { QueueName } from '../config/queues.ts';
import { allow, type Permission } from './allow.ts';

const QUEUE: QueueName = 'gpu-spot';

/**
 * An AWS FIS experiment that reclaims one spot host of this deployment, with the two minutes' notice that EC2 gives. Not yet run on AWS: written by
 * https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html (aws:ec2:send-spot-instance-interruptions).
 */
export class SpotInterruption extends Construct {
  readonly templateId: string;
  readonly role: Role;

  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('fis.amazonaws.com'),
      description: `${deployment.name}: reclaims a spot host for a rehearsal`,
    });
    allow(this.role, {
      actions: ['ec2:SendSpotInstanceInterruptions'],
      resources: [Stack.of(this).formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })],
      conditions: { StringEquals: { 'ec2:ResourceTag/spotforge:deployment': deployment.name } },
      because: 'Which of the deployment’s instances is reclaimed is chosen when it is reclaimed.',
    });
    allow(this.role, {
      actions: ['ec2:DescribeInstances'],
      resources: ['*'],
      because: 'AWS defines no resource for this action.',
    });
    this.templateId = new CfnExperimentTemplate(this, 'Template', {
      description: `${deployment.name}: two minutes' notice for one host of ${QUEUE}`,
      roleArn: this.role.roleArn,
      // Nothing trains at the moment: then nothing is reclaimed, and that is no failure.
      experimentOptions: { accountTargeting: 'single-account', emptyTargetResolutionMode: 'skip' },
      stopConditions: [{ source: 'none' }], // it is over with its first call
      targets: {
        Host: {
          resourceType: 'aws:ec2:spot-instance',
          // As the launch template and the compute environment tag them.
          resourceTags: { 'spotforge:deployment': deployment.name, Name: `${deployment.name}-${QUEUE}` },
          filters: [{ path: 'State.Name', values: ['running'] }],
          selectionMode: 'COUNT(1)',
        },
      },
      actions: {
        Reclaim: {
          actionId: 'aws:ec2:send-spot-instance-interruptions',
          parameters: { durationBeforeInterruption: 'PT2M' },
          targets: { SpotInstances: 'Host' },
        },
      },
      tags: { Name: `${deployment.name}-rehearsal` },
    }).attrId;
  }

  /** What a state machine needs to start it. FIS makes its service-linked role when the account's first experiment starts. */
  get startPermissions(): Permission[] {
    const stack = Stack.of(this);
    const experiment = (resource: string, resourceName: string): string =>
      stack.formatArn({ service: 'fis', resource, resourceName });
    return [
      {
        actions: ['fis:StartExperiment'],
        resources: [experiment('experiment-template', this.templateId), experiment('experiment', '*')],
        because: 'An experiment gets its id when it starts.',
      },
      {
        actions: ['iam:CreateServiceLinkedRole'],
        resources: [
          stack.formatArn({
            service: 'iam',
            region: '',
            resource: 'role',
            resourceName: 'aws-service-role/fis.amazonaws.com/AWSServiceRoleForFIS',
          }),
        ],
        conditions: { StringEquals: { 'iam:AWSServiceName': 'fis.amazonaws.com' } },
      },
    ];
  }
}
