import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { StageImage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Repositories } from '../stacks/storage-stack.ts';
import { allow } from './allow.ts';
import { ContainerJob, type JobSize } from './container-job.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import { imageReference } from './image-reference.ts';
import { encrypts } from './key-use.ts';
import { jobLogGroupName } from './stage-job-definition.ts';
import type { Buckets } from './storage-references.ts';

export type UnattendedJobProps = {
  deployment: Deployment;
  /** After the deployment's name; the log group has it too. */
  name: string;
  description: string;
  tags: Record<string, string>;
  image: StageImage;
  command: string[];
  size: JobSize;
  buckets: Buckets;
  repositories: Repositories;
  /** ARNs of the objects that it looks at, beside every experiment's spec. */
  reads: readonly string[];
  /** The one key in the experiments bucket that it writes. */
  writes: string;
};

const SPEC = 'experiments/*/spec.json';
const WILDCARD = 'What is looked at is chosen when it is looked at.';

/** A job that no experiment waits for. Its role reads what it looks at and writes its one finding; it can change nothing that is in use. */
export class UnattendedJob extends Construct {
  readonly role: Role;
  /** With its revision. */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: UnattendedJobProps) {
    super(scope, id);
    const { deployment, name, image, buckets } = props;
    const logs = new ExpiringLogGroup(this, 'Logs', {
      deployment,
      logGroupName: jobLogGroupName(deployment, name), // where the instances may write
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: `${deployment.name}: ${props.description}`,
    });
    const { experiments } = buckets;
    allow(this.role, {
      actions: ['s3:GetObject'],
      resources: [...props.reads, experiments.arnForObjects(SPEC)],
      because: WILDCARD,
    });
    allow(this.role, { actions: ['s3:PutObject'], resources: [experiments.arnForObjects(props.writes)], because: WILDCARD });
    for (const permission of encrypts(experiments, 's3')) allow(this.role, permission); // all buckets lie under one key

    this.arn = new ContainerJob(this, 'Definition', {
      deployment,
      name: `${deployment.name}-${name}`,
      tags: props.tags,
      image: imageReference(deployment, image, props.repositories[image]),
      command: props.command,
      role: this.role,
      logs,
      streamPrefix: name,
      size: props.size,
      buckets,
      environment: {},
    }).ref;
  }
}
