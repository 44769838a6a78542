import { describe, expect, it } from 'vitest';
import { QUEUES } from '../../../lib/config/queues.ts';
import { statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { compute } = synthesise().templates;
const environments = resourcesOf(compute, 'AWS::Batch::ComputeEnvironment').map(([, { Properties }]) => Properties);
const resources = environments.map(({ ComputeResources }) => ComputeResources as Record<string, unknown>);
const byQueue = (queue: (typeof QUEUES)[number]) => resources[QUEUES.indexOf(queue)] ?? {};

describe('compute environments', () => {
  it('cost nothing when idle and change without ending jobs', () => {
    expect(environments).toHaveLength(QUEUES.length);
    for (const { MinvCpus } of resources) expect(MinvCpus).toBe(0);
    for (const properties of environments) {
      expect(properties).toMatchObject({ ReplaceComputeEnvironment: false, UpdatePolicy: { TerminateJobsOnUpdate: false } });
      expect(properties).not.toHaveProperty('ComputeEnvironmentName');
      expect(properties).not.toHaveProperty('ServiceRole');
    }
  });

  it('take spot capacity where it lasts, and never wait for one instance type', () => {
    for (const queue of ['gpu-spot', 'gpu-spot-any', 'cpu-spot'] as const) {
      expect(byQueue(queue)).toMatchObject({ Type: 'SPOT', AllocationStrategy: 'SPOT_PRICE_CAPACITY_OPTIMIZED' });
    }
    for (const queue of ['gpu-on-demand', 'cpu-on-demand', 'cpu-benchmark'] as const) {
      expect(byQueue(queue)).toMatchObject({ Type: 'EC2', AllocationStrategy: 'BEST_FIT_PROGRESSIVE' });
    }
  });

  it('run GPU jobs on the NVIDIA image', () => {
    const images = QUEUES.map((queue) => (byQueue(queue).Ec2Configuration as { ImageType: string }[])[0]?.ImageType);
    expect(images).toEqual([
      'ECS_AL2023_NVIDIA',
      'ECS_AL2023_NVIDIA',
      'ECS_AL2023_NVIDIA',
      'ECS_AL2023',
      'ECS_AL2023',
      'ECS_AL2023',
    ]);
  });

  it('measure on one machine type only', () => {
    expect(byQueue('cpu-benchmark').InstanceTypes).toEqual(['c6i.xlarge']);
  });

  it('start instances as the launch template says: tokens for metadata, one hop, an encrypted gp3 disk of 100 GiB', () => {
    compute.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 100 } }],
      },
    });
    for (const { LaunchTemplate } of resources)
      expect(asText((LaunchTemplate as { LaunchTemplateId: unknown }).LaunchTemplateId)).toBe('<LaunchTemplate>');
  });

  it('drain the agent of a host that has its spot notice, by user data in the one form that Batch merges with its own', () => {
    const [[, template] = ['', undefined]] = resourcesOf(compute, 'AWS::EC2::LaunchTemplate');
    const { UserData } = ((template?.Properties ?? {}) as { LaunchTemplateData: { UserData: { 'Fn::Base64': string } } })
      .LaunchTemplateData;
    const lines = UserData['Fn::Base64'].split('\n');
    const boundary = /boundary="(.+)"/.exec(lines[1] ?? '')?.[1];
    expect(lines[0]).toBe('MIME-Version: 1.0');
    expect(lines.filter((line) => line === `--${boundary}`)).toHaveLength(1);
    expect(lines.at(-2)).toBe(`--${boundary}--`);
    expect(lines).toContain('echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config');
  });
});

describe('the role of the instances, which every container on them can take', () => {
  it('registers, takes tasks and tells of them, pulls the three images, ships the stages’ logs; nothing else', () => {
    const AGENT = ['cluster', 'container-instance'].map(
      (resource) => `arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:${resource}/*`,
    );
    const IMAGES = ['<DataImages.Arn>', '<OptimizationImages.Arn>', '<TrainingImages.Arn>'];
    const LOGS = ['arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/spotforge/stages/*'];
    const allowed = statementsOf(compute).flatMap(({ role, actions, resources }) => {
      expect(role).toBe('<InstancesRole>'); // the only role of the stack
      return actions.map((action) => [action, [...resources].sort()] as const);
    });
    expect(Object.fromEntries(allowed)).toEqual({
      'ecs:RegisterContainerInstance': AGENT,
      'ecs:DeregisterContainerInstance': AGENT,
      'ecs:TagResource': AGENT.slice(1), // as it registers: the condition stands in test/policies/allowed.md
      'ecs:UpdateContainerInstancesState': AGENT, // drains itself after a spot notice
      'ecs:DiscoverPollEndpoint': ['*'],
      'ecs:Poll': AGENT,
      'ecs:StartTelemetrySession': AGENT,
      'ecs:SubmitContainerStateChange': AGENT,
      'ecs:SubmitTaskStateChange': AGENT,
      'ecr:GetAuthorizationToken': ['*'],
      'ecr:BatchCheckLayerAvailability': IMAGES,
      'ecr:BatchGetImage': IMAGES,
      'ecr:GetDownloadUrlForLayer': IMAGES,
      'logs:CreateLogStream': LOGS,
      'logs:PutLogEvents': LOGS,
    });
  });

  it('is the only one on the instances, and takes no policy of AWS', () => {
    compute.resourceCountIs('AWS::IAM::Role', 1);
    compute.resourceCountIs('AWS::IAM::InstanceProfile', 1);
    for (const { InstanceRole } of resources) expect(asText(InstanceRole)).toBe('<InstancesProfile.Arn>');
  });
});

describe('queues', () => {
  const queues = resourcesOf(compute, 'AWS::Batch::JobQueue').map(([, { Properties }]) => Properties);

  it('are six, named after the deployment, each fair between tenants from the start', () => {
    expect(queues.map(({ JobQueueName }) => JobQueueName)).toEqual(QUEUES.map((queue) => `spotforge-${queue}`));
    compute.resourceCountIs('AWS::Batch::SchedulingPolicy', QUEUES.length);
    for (const { SchedulingPolicyArn } of queues) expect(asText(SchedulingPolicyArn)).toMatch(/FairShare\.Arn>$/);
  });

  it('cancel what cannot start after ten minutes at their head, saying why', () => {
    for (const { JobStateTimeLimitActions } of queues) {
      expect(JobStateTimeLimitActions).toEqual(
        [
          'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
          'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
          'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
          'MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED',
        ].map((Reason) => ({ Action: 'CANCEL', State: 'RUNNABLE', Reason, MaxTimeSeconds: 600 })),
      );
    }
  });
});

describe('the network', () => {
  it('lets nothing in', () => {
    compute.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    compute.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    for (const [, { Properties }] of resourcesOf(compute, 'AWS::EC2::SecurityGroup'))
      expect(Properties).not.toHaveProperty('SecurityGroupIngress');
  });

  it('has nothing that costs money idle: no NAT, only gateway endpoints', () => {
    compute.resourceCountIs('AWS::EC2::NatGateway', 0);
    const endpoints = resourcesOf(compute, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => [
      Properties.VpcEndpointType,
      asText(Properties.ServiceName),
    ]);
    expect(endpoints).toEqual([
      ['Gateway', 'com.amazonaws.<AWS::Region>.s3'],
      ['Gateway', 'com.amazonaws.<AWS::Region>.dynamodb'],
    ]);
  });

  it('moves to private subnets behind one NAT gateway by a switch', () => {
    const { compute } = synthesise({ privateSubnets: true, availabilityZones: 2 }).templates;
    compute.resourceCountIs('AWS::EC2::NatGateway', 1);
    const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
      compute,
      'AWS::Batch::ComputeEnvironment',
    );
    const { Subnets } = Properties.ComputeResources as { Subnets: unknown[] };
    expect(Subnets.map(asText).every((subnet) => subnet.includes('private'))).toBe(true);
    expect(Subnets).toHaveLength(2);
  });
});
