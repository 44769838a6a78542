import { Aws, Duration } from 'aws-cdk-lib';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { PrivateBucket } from './private-bucket.ts';

/** Who asked, when, and how it ended: one line a request, without headers and bodies, kept as long as the logs. */
export class BalancerLogs extends PrivateBucket {
  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id, {
      deployment,
      versioned: false, // written once by the balancer, and gone with the month
      // Without a customer key: load balancers deliver to buckets with S3's own keys only.
      lifecycleRules: [{ id: 'expire-logs', expiration: Duration.days(deployment.logRetentionDays) }],
    });
  }

  /** By attributes: the construct's own method asks for a region, and a synth asks no account anything. */
  take(from: ApplicationLoadBalancer, prefix: string): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('logdelivery.elasticloadbalancing.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [this.arnForObjects(`${prefix}/AWSLogs/${Aws.ACCOUNT_ID}/*`)],
      }),
    );
    from.setAttribute('access_logs.s3.enabled', 'true');
    from.setAttribute('access_logs.s3.bucket', this.bucketName);
    from.setAttribute('access_logs.s3.prefix', prefix);
    from.node.addDependency(this); // the balancer tries at once whether it may write
  }
}
