import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { CfnSecret, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import type { ServedModel } from '../config/inference.ts';

/** What whoever loads, promotes and rolls back a version of this one model shows to the server. Made by AWS; neither template nor task definition holds it. */
export class AdminToken extends Construct {
  readonly arn: string;
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, { deployment, served }: { deployment: Deployment; served: ServedModel }) {
    super(scope, id);
    const { tenant, model } = served;
    const secret = new CfnSecret(this, 'Secret', {
      name: `${deployment.name}/inference/${tenant}/${model}`,
      description: `${deployment.name}: lets its holder change which version of ${tenant}/${model} is served`,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    secret.applyRemovalPolicy(RemovalPolicy.DESTROY);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Servers read it when they start: a rotation by itself would lock its holders out until the next deployment. Put a new value and start them again to change it.',
    });
    this.arn = secret.ref;
    this.secret = Secret.fromSecretCompleteArn(this, 'Reference', this.arn);
  }
}
