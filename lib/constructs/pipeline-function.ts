import { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { VariableName } from '../../functions/shared/env.ts';
import type { Deployment } from '../config/deployment.ts';
import { allow, type Permission } from './allow.ts';
import { ExpiringLogGroup, streamsOf } from './expiring-log-group.ts';
import { bundleOf, type HandlerName } from './handlers.ts';

/** What a function needs of one thing: its name in the environment, and what may be done with it. */
export type Binding = {
  environment?: { readonly [N in VariableName]?: string };
  permissions?: readonly Permission[];
};

export type PipelineFunctionProps = {
  deployment: Deployment;
  /** The file below functions/, which exports `handler` and `environment`. */
  handler: HandlerName;
  description: string;
  uses: readonly Binding[];
  timeout?: Duration;
  memoryMiB?: number;
};

/** One Lambda of functions/: own role, own log group, and exactly the variables and permissions of its bindings. */
export class PipelineFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: PipelineFunctionProps) {
    super(scope, id);
    const { deployment, handler, description, uses } = props;
    const functionName = `${deployment.name}-${handler.split('/')[1]}`;
    const logGroup = new ExpiringLogGroup(this, 'Logs', {
      deployment,
      logGroupName: `/${deployment.name}/functions/${handler.split('/')[1]}`,
    });

    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `${functionName} runs as this`,
    });
    allow(this.role, {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [streamsOf(logGroup)],
      because: 'The streams of its own log group, which Lambda names by date and instance.',
    });
    for (const { permissions = [] } of uses) for (const permission of permissions) allow(this.role, permission);

    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64, // a fifth cheaper than x86 for the same code
      handler: 'index.handler',
      code: Code.fromAsset(bundleOf(handler)),
      role: this.role.withoutPolicyUpdates(), // its permissions are the ones written down, nothing that a construct adds by itself
      logGroup,
      memorySize: props.memoryMiB ?? 512, // processor comes with memory: at the default of 128 MiB a cold start mostly waits for its share
      timeout: props.timeout ?? Duration.seconds(15),
      environment: {
        ...Object.assign({}, ...uses.map(({ environment }) => environment)),
        POWERTOOLS_SERVICE_NAME: deployment.name,
        LOG_LEVEL: 'INFO',
      },
    });
  }
}
