import { Aws, CfnCondition, Fn, RemovalPolicy, SecretValue, Validations } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import type { Binding } from './pipeline-function.ts';

/** Where AWS wants the firewall and the certificate of a CloudFront distribution. */
export const EDGE_REGION = 'us-east-1';

/** By name, because the copy in the edge's region has another ARN. */
const secretName = ({ name }: Deployment): string => `${name}/origin`;

/** Resolved by CloudFormation when it deploys; neither the template nor the assembly holds it. */
export const originSecretValue = (deployment: Deployment): string =>
  SecretValue.secretsManager(secretName(deployment)).unsafeUnwrap();

/** For functions of the API: they answer only what came through the distribution, if there is one. */
export const behindEdge = (deployment: Deployment): Binding =>
  deployment.edge ? { environment: { ORIGIN_SECRET: originSecretValue(deployment) } } : {};

/** What CloudFront sends along and the functions ask for. Made by AWS, seen by nobody, and copied to where the distribution is deployed. */
export class OriginSecret extends Construct {
  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id);
    const elsewhere = new CfnCondition(this, 'Elsewhere', {
      expression: Fn.conditionNot(Fn.conditionEquals(Aws.REGION, EDGE_REGION)),
    });
    const secret = new CfnSecret(this, 'Secret', {
      name: secretName(deployment),
      description: `${deployment.name}: proves to the API that a request came through CloudFront`,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      replicaRegions: Fn.conditionIf(elsewhere.logicalId, [{ Region: EDGE_REGION }], Aws.NO_VALUE),
    });
    secret.applyRemovalPolicy(RemovalPolicy.DESTROY);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Distribution and functions take a new value when they are deployed, not when it rotates: a rotation would close the API. It grants nothing by itself: every route wants a signed token besides.',
    });
  }
}
