import { ApiMapping, DomainName, EndpointType, type HttpApi, type IStage, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AaaaRecord,
  ARecord,
  HostedZone,
  type IAliasRecordTarget,
  type IHostedZone,
  RecordTarget,
} from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { originName } from '../config/front.ts';

type Domain = NonNullable<Deployment['domain']>;

/** By its configured id: a look-up would need an account at synth. */
export const zoneOf = (scope: Construct, { hostedZone }: Domain): IHostedZone =>
  HostedZone.fromHostedZoneAttributes(scope, 'Zone', { hostedZoneId: hostedZone.id, zoneName: hostedZone.name });

/** Proves by a record in the zone that the name is ours; ACM renews it as long as the record stands. */
export const certificateFor = (scope: Construct, domainName: string, zone: IHostedZone): Certificate =>
  new Certificate(scope, 'Certificate', { domainName, validation: CertificateValidation.fromDns(zone) });

/** The name as address of a target, over IPv4 and IPv6. */
export const pointTo = (scope: Construct, recordName: string, zone: IHostedZone, alias: IAliasRecordTarget): void => {
  const record = { zone, recordName, target: RecordTarget.fromAlias(alias) };
  new ARecord(scope, 'Address', record);
  new AaaaRecord(scope, 'Address6', record);
};

/** The API under a name of its own: what clients call, or, with CloudFront in front, what CloudFront calls. */
export class ApiDomain extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { deployment, domain, api, stage }: { deployment: Deployment; domain: Domain; api: HttpApi; stage: IStage },
  ) {
    super(scope, id);
    const name = deployment.edge ? originName(domain.name) : domain.name;
    const zone = zoneOf(this, domain);
    const own = new DomainName(this, 'Name', {
      domainName: name,
      certificate: certificateFor(this, name, zone),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    new ApiMapping(this, 'Mapping', { api, domainName: own, stage });
    pointTo(this, name, zone, new ApiGatewayv2DomainProperties(own.regionalDomainName, own.regionalHostedZoneId));
  }
}
