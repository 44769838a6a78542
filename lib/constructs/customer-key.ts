import { RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

/** The one key that buckets and table are encrypted with. Its policy leaves it to IAM who may use it: each role for what it reads and writes. */
export class CustomerKey extends Key {
  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id, {
      alias: `alias/${deployment.name}-storage`,
      description: `${deployment.name}: buckets and table`,
      enableKeyRotation: true,
      removalPolicy: deployment.data === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY, // without it the data is gone
    });
  }
}
