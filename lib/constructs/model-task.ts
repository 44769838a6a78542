import { Aws, Duration, Size, Validations } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import {
  AwsLogDriverMode,
  Capability,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  Secret,
} from 'aws-cdk-lib/aws-ecs';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { bundlesOf, desiredStateOf, type ServedModel } from '../config/inference.ts';
import type { AdminToken } from './admin-token.ts';
import { SCRATCH, STAGE_UID } from './container-job.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import { imageReference } from './image-reference.ts';
import type { Buckets } from './storage-references.ts';

export type ModelTaskProps = {
  deployment: Deployment;
  served: ServedModel;
  name: string;
  buckets: Buckets;
  repository: IRepository;
  bus: IEventBus;
  token: AdminToken;
  role: Role;
  executionRole: (logs: ExpiringLogGroup) => Role;
};

export const CONTAINER = 'server';
export const SERVER_PORT = 8080;

/** As long as the server itself takes to finish what it has begun. The balancer waits as long for requests under way before ECS stops a server. */
export const DRAIN = Duration.seconds(60);
/** From SIGTERM to SIGKILL: 5 s in which it still takes requests, the drain, 25 s for its log and a last event. Fargate gives 120 s at most. */
const STOP = Duration.seconds(90);

/** What the server reads of its environment: containers/inference/src/ names the same. */
export const SERVER_ENV = {
  model: 'SPOTFORGE_MODEL',
  bundles: 'SPOTFORGE_BUNDLES',
  state: 'SPOTFORGE_STATE',
  cache: 'SPOTFORGE_CACHE',
  eventBus: 'SPOTFORGE_EVENT_BUS',
  host: 'SPOTFORGE_HOST',
  port: 'SPOTFORGE_PORT',
  adminToken: 'SPOTFORGE_ADMIN_TOKEN',
} as const;

/** Asks /healthz with what the image has: bash itself opens the connection, so that no client has to be in there. */
const ALIVE = `exec 3<>/dev/tcp/127.0.0.1/${SERVER_PORT} && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 4 _ status _ <&3 && [ "$status" = 200 ]`;

/** One server of one model: what runs, as whom, with how much, and where it may write. */
export class ModelTask extends Construct {
  readonly definition: FargateTaskDefinition;
  readonly logs: ExpiringLogGroup;
  readonly roles: readonly Role[];

  constructor(scope: Construct, id: string, props: ModelTaskProps) {
    super(scope, id);
    const { deployment, served, name, buckets, repository, bus, token, role } = props;
    const { tenant, model, vcpus, memoryGiB } = served;
    this.logs = new ExpiringLogGroup(this, 'Logs', {
      deployment,
      logGroupName: `/${deployment.name}/inference/${tenant}/${model}`,
    });
    const executionRole = props.executionRole(this.logs);
    this.roles = [role, executionRole];

    this.definition = new FargateTaskDefinition(this, 'Definition', {
      family: name,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
      cpu: vcpus * 1024,
      memoryLimitMiB: memoryGiB * 1024,
      taskRole: role.withoutPolicyUpdates(), // their permissions are the ones written down, nothing that a construct adds by itself
      executionRole: executionRole.withoutPolicyUpdates(),
      volumes: [{ name: 'scratch' }], // gone with the task: bundles are downloaded again
    });
    const releases = `s3://${buckets.releases.bucketName}`;
    const linuxParameters = new LinuxParameters(this, 'Linux');
    linuxParameters.dropCapabilities(Capability.ALL);
    this.definition
      .addContainer(CONTAINER, {
        image: ContainerImage.fromRegistry(imageReference(deployment, 'inference', repository).uri),
        entryPoint: ['spotforge-inference'],
        command: ['serve'],
        user: STAGE_UID,
        privileged: false,
        readonlyRootFilesystem: true,
        linuxParameters,
        portMappings: [{ containerPort: SERVER_PORT }],
        stopTimeout: STOP,
        environment: {
          [SERVER_ENV.model]: `${tenant}/${model}`,
          [SERVER_ENV.bundles]: `${releases}/${bundlesOf(served)}`,
          [SERVER_ENV.state]: `${releases}/${desiredStateOf(served)}`,
          [SERVER_ENV.cache]: `${SCRATCH}/bundles`,
          [SERVER_ENV.eventBus]: bus.eventBusName,
          [SERVER_ENV.host]: '0.0.0.0', // its security group lets the load balancer in, and nobody else
          [SERVER_ENV.port]: String(SERVER_PORT),
          AWS_REGION: Aws.REGION,
        },
        secrets: { [SERVER_ENV.adminToken]: Secret.fromSecretsManager(token.secret) },
        // Whether the process answers at all; whether it is ready is for the load balancer to ask.
        healthCheck: {
          command: ['CMD', 'bash', '-c', ALIVE],
          interval: Duration.seconds(15),
          timeout: Duration.seconds(5),
          retries: 3,
          startPeriod: Duration.seconds(60),
        },
        logging: LogDrivers.awsLogs({
          logGroup: this.logs,
          streamPrefix: CONTAINER,
          mode: AwsLogDriverMode.NON_BLOCKING, // answers do not wait for CloudWatch
          maxBufferSize: Size.mebibytes(16),
        }),
      })
      .addMountPoints({ sourceVolume: 'scratch', containerPath: SCRATCH, readOnly: false });
    Validations.of(this.definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'The variables name a bucket, a bus and a model. The one secret comes out of Secrets Manager when a server starts.',
    });
  }
}
