import { Aws } from 'aws-cdk-lib';
import { CfnJobDefinition } from 'aws-cdk-lib/aws-batch';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { STAGE_ENV } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import type { ImageReference } from './image-reference.ts';
import type { Buckets } from './storage-references.ts';

/** Batch ends it after `attemptDurationSeconds`. */
export type JobSize = { vcpus: number; memoryMiB: number; gpus: number; sharedMemoryMiB: number; attemptDurationSeconds: number };

export type ContainerJobProps = {
  deployment: Deployment;
  name: string;
  /** Beside the deployment's name. */
  tags: Record<string, string>;
  image: ImageReference;
  command: string[];
  role: Role;
  logs: ILogGroup;
  /** What the log streams start with. */
  streamPrefix: string;
  size: JobSize;
  buckets: Buckets;
  /** Beside the buckets, the commit and the image's version. */
  environment: Record<string, string>;
};

/** The user that the images are built for. */
export const STAGE_UID = '1001';

/** The one place that a container may write to: home, temporary files and caches of the images lie here. */
export const SCRATCH = '/scratch';

/** What every job of a deployment is to Batch: one container under a role of its own, tried once, on instances of ours. */
export class ContainerJob extends CfnJobDefinition {
  constructor(scope: Construct, id: string, props: ContainerJobProps) {
    const { deployment, size, buckets, image } = props;
    const environment = {
      [STAGE_ENV.datasetsBucket]: buckets.datasets.bucketName,
      [STAGE_ENV.experimentsBucket]: buckets.experiments.bucketName,
      [STAGE_ENV.checkpointsBucket]: buckets.checkpoints.bucketName,
      [STAGE_ENV.releasesBucket]: buckets.releases.bucketName,
      [STAGE_ENV.gitSha]: deployment.gitSha,
      [STAGE_ENV.imageDigest]: image.version,
      ...props.environment,
      AWS_DEFAULT_REGION: Aws.REGION, // Batch on EC2 does not set it, and boto3 asks for it
    };
    super(scope, id, {
      jobDefinitionName: props.name,
      type: 'container',
      platformCapabilities: ['EC2'],
      propagateTags: true,
      schedulingPriority: 1, // required on a fair-share queue; all alike, the shares decide
      retryStrategy: { attempts: 1 }, // a state machine tries again, if anybody does
      timeout: { attemptDurationSeconds: size.attemptDurationSeconds },
      resourceRetentionPolicy: { skipDeregisterOnUpdate: true }, // a running experiment is pinned to an older revision
      tags: { 'spotforge:deployment': deployment.name, ...props.tags },
      containerProperties: {
        image: image.uri,
        command: props.command,
        jobRoleArn: props.role.roleArn,
        user: STAGE_UID,
        privileged: false,
        readonlyRootFilesystem: true,
        // A volume without a path on the host: Docker makes it for the container, with the owner that /scratch has in the image.
        volumes: [{ name: 'scratch' }],
        mountPoints: [{ sourceVolume: 'scratch', containerPath: SCRATCH, readOnly: false }],
        linuxParameters: { sharedMemorySize: size.sharedMemoryMiB },
        resourceRequirements: [
          { type: 'VCPU', value: String(size.vcpus) },
          { type: 'MEMORY', value: String(size.memoryMiB) },
          ...(size.gpus > 0 ? [{ type: 'GPU', value: String(size.gpus) }] : []),
        ],
        environment: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': props.logs.logGroupName, 'awslogs-stream-prefix': props.streamPrefix },
        },
      },
    });
  }
}
