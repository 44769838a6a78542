import { Duration } from 'aws-cdk-lib';
import { Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  ApplicationListenerRule,
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  ListenerCertificate,
  ListenerCondition,
  Protocol,
  SslPolicy,
  TargetGroupLoadBalancingAlgorithmType,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import type { ServedModel } from '../config/inference.ts';
import type { BalancerLogs } from './balancer-logs.ts';
import { DRAIN, SERVER_PORT } from './model-task.ts';
import { NETWORK_CIDR, type Network } from './network.ts';

export type ModelBalancerProps = {
  deployment: Deployment;
  served: ServedModel;
  name: string;
  network: Network;
  logs: BalancerLogs;
};

/** What callers need. /metrics is each server's own: behind a balancer it would be that of any one. */
const PATHS = ['/v1/*', '/healthz', '/readyz', '/openapi.json'];

const NOT_FOUND = JSON.stringify({ type: 'about:blank', title: 'Not Found', status: 404 });

/**
 * The way to the servers of one model: TLS, two target groups of which one answers, and one rule whose weights ECS moves. CloudFormation writes the rule
 * when the template changes it, and would then send everybody to blue, whoever answers: nothing in the rule comes from the configuration.
 */
export class ModelBalancer extends Construct {
  readonly balancer: ApplicationLoadBalancer;
  readonly blue: ApplicationTargetGroup;
  readonly green: ApplicationTargetGroup;
  readonly production: ApplicationListenerRule;
  /** What the servers are in: the balancer alone reaches them, and they reach AWS over TLS alone. */
  readonly servers: SecurityGroup;
  readonly address: string;

  constructor(scope: Construct, id: string, { deployment, served, name, network, logs }: ModelBalancerProps) {
    super(scope, id);
    const { internetFacing, clients, certificateArn } = deployment.inference;
    const { vpc } = network;
    const door = new SecurityGroup(this, 'Door', {
      vpc,
      description: `${name}: who may ask, and the way to the servers`,
      allowAllOutbound: false,
    });
    for (const client of clients.length > 0 ? clients : [NETWORK_CIDR])
      door.addIngressRule(Peer.ipv4(client), Port.HTTPS, 'Whom the configuration lets ask');
    this.servers = new SecurityGroup(this, 'Servers', {
      vpc,
      description: `${name}: asked by the load balancer alone`,
      allowAllOutbound: false,
    });
    this.servers.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'Image, secret, bundles, logs, bus');

    this.balancer = new ApplicationLoadBalancer(this, 'Balancer', {
      vpc,
      internetFacing,
      vpcSubnets: { subnets: [...(internetFacing ? network.publicSubnets : network.subnets)] },
      securityGroup: door,
      dropInvalidHeaderFields: true,
      deletionProtection: deployment.terminationProtection,
      idleTimeout: Duration.seconds(60), // the server keeps an idle connection longer: whoever closes first must be the balancer, or a request meets a closed one
    });
    this.address = this.balancer.loadBalancerDnsName;
    logs.take(this.balancer, `${served.tenant}/${served.model}`);

    this.blue = this.targetGroup('Blue', network);
    this.green = this.targetGroup('Green', network);
    const listener = this.balancer.addListener('Https', {
      port: 443,
      protocol: ApplicationProtocol.HTTPS,
      sslPolicy: SslPolicy.TLS13_RES,
      certificates: certificateArn === undefined ? [] : [ListenerCertificate.fromArn(certificateArn)],
      open: false,
      defaultAction: ListenerAction.fixedResponse(404, { contentType: 'application/json', messageBody: NOT_FOUND }),
    });
    this.production = new ApplicationListenerRule(this, 'Production', {
      listener,
      priority: 1,
      conditions: [ListenerCondition.pathPatterns(PATHS)],
      action: ListenerAction.weightedForward([
        { targetGroup: this.blue, weight: 100 },
        { targetGroup: this.green, weight: 0 },
      ]),
    });
  }

  private targetGroup(id: string, { vpc }: Network): ApplicationTargetGroup {
    return new ApplicationTargetGroup(this, id, {
      vpc,
      targetType: TargetType.IP,
      protocol: ApplicationProtocol.HTTP,
      port: SERVER_PORT,
      deregistrationDelay: DRAIN,
      // Requests differ in length a hundredfold: the next one goes to whoever has the fewest. It excludes a slow start, and none is
      // needed: a server is ready only when it has warmed up.
      loadBalancingAlgorithmType: TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: '/readyz',
        protocol: Protocol.HTTP,
        healthyHttpCodes: '200',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3, // half a minute: a long batch may make one check late
      },
    });
  }
}
