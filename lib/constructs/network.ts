import { Fn, Validations } from 'aws-cdk-lib';
import {
  CfnSecurityGroup,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

/** Every address of the network. */
export const NETWORK_CIDR = '10.0.0.0/16';

/**
 * Where the instances live. Public subnets, because a NAT gateway costs more a month than this deployment does when idle; nobody reaches
 * an instance nevertheless, as its security group lets nothing in. S3 and DynamoDB are reached through gateway endpoints, which are free.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** Where machines run. */
  readonly subnets: readonly ISubnet[];
  /** Where what is reached from the internet stands. */
  readonly publicSubnets: readonly ISubnet[];
  readonly securityGroupId: string;

  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id);
    const { privateSubnets, availabilityZones } = deployment;
    const publicSubnets = { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 20 };
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(NETWORK_CIDR),
      // By position, so that synthesising needs neither an account nor a look-up.
      availabilityZones: Array.from({ length: availabilityZones }, (_, index) => Fn.select(index, Fn.getAzs())),
      natGateways: privateSubnets ? 1 : 0,
      subnetConfiguration: privateSubnets
        ? [publicSubnets, { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 }]
        : [publicSubnets],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
      restrictDefaultSecurityGroup: false, // would bring a custom resource; nothing uses the default group
    });
    Validations.of(vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason:
        'Flow logs are billed by volume, and training moves a lot of it. Nothing listens here but the load balancers of models that are served, and those log every request.',
    });
    this.vpc = vpc as IVpc; // the library's classes and interfaces differ in what exactOptionalPropertyTypes tells apart
    this.publicSubnets = vpc.publicSubnets;
    this.subnets = privateSubnets ? vpc.privateSubnets : vpc.publicSubnets;
    this.securityGroupId = new CfnSecurityGroup(this, 'Jobs', {
      vpcId: vpc.vpcId,
      groupDescription: `${deployment.name}: jobs may call out, nobody may call in`,
      securityGroupEgress: [{ ipProtocol: '-1', cidrIp: '0.0.0.0/0', description: 'Images, the ECS agent, AWS APIs' }],
    }).attrGroupId;
  }
}
