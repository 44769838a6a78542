import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import { ORIGIN_HEADER } from '../../functions/shared/origin.ts';
import type { Deployment } from '../config/deployment.ts';
import { originName } from '../config/front.ts';
import { certificateFor, pointTo, zoneOf } from '../constructs/api-domain.ts';
import { EDGE_REGION, originSecretValue } from '../constructs/origin-secret.ts';
import { WebFirewall } from '../constructs/web-firewall.ts';

export type EdgeStackProps = {
  deployment: Deployment;
  domain: NonNullable<Deployment['domain']>;
  edge: NonNullable<Deployment['edge']>;
};

/**
 * CloudFront and a firewall before the API. All of it is in the one region where AWS takes firewall and certificate of a distribution. It knows
 * the API by the configured name and the secret by its own, so that no value has to travel between regions.
 */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, domain, edge }: EdgeStackProps) {
    super(scope, id, {
      description: `Spotforge ${deployment.name}: CloudFront and firewall before the API`,
      env: { region: EDGE_REGION },
    });
    const zone = zoneOf(this, domain);
    const firewall = new WebFirewall(this, 'Firewall', { deployment, limit: edge.requestsPerFiveMinutes });
    const distribution = new Distribution(this, 'Distribution', {
      comment: `${deployment.name}: API`,
      domainNames: [domain.name],
      certificate: certificateFor(this, domain.name, zone),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      webAclId: firewall.arn,
      defaultBehavior: {
        origin: new HttpOrigin(originName(domain.name), {
          protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
          originSslProtocols: [OriginSslPolicy.TLS_V1_2],
          customHeaders: { [ORIGIN_HEADER]: originSecretValue(deployment) },
        }),
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY, // a redirect would come after the token has been sent in the clear
        allowedMethods: AllowedMethods.ALLOW_ALL,
        cachePolicy: CachePolicy.CACHING_DISABLED, // every answer is somebody's own
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER, // the token included; the API answers to its own name only
      },
    });
    pointTo(this, domain.name, zone, new CloudFrontTarget(distribution));
    Validations.of(distribution).acknowledge(
      {
        id: 'AwsSolutions-CFR1',
        reason: 'Who may call is decided by a signed token, not by the country that somebody calls from.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason:
          'The API logs every request that comes through and the firewall every one that it refuses; a log here would hold both again.',
      },
    );
    new CfnOutput(this, 'DistributionDomain', { value: distribution.distributionDomainName });
  }
}
