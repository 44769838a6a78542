import { describe, expect, it } from 'vitest';
import { EVERY_SWITCH } from '../every-switch.ts';
import { asText } from '../synthesised.ts';
import { attributes, inference, MODEL, only, open, type Properties, propertiesOf, type Template } from './served-models.ts';

describe('a load balancer', () => {
  const balancerOf = (template: Template): Properties =>
    propertiesOf(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer', MODEL)[0] ?? {};
  const rulesOf = (template: Template, id: string) => ({
    in: (only(template, 'AWS::EC2::SecurityGroup', `${MODEL}Balancer${id}`).SecurityGroupIngress ?? []) as Properties[],
    fromGroups: propertiesOf(template, 'AWS::EC2::SecurityGroupIngress', `${MODEL}Balancer${id}`),
    out: (only(template, 'AWS::EC2::SecurityGroup', `${MODEL}Balancer${id}`).SecurityGroupEgress ?? []) as Properties[],
    toGroups: propertiesOf(template, 'AWS::EC2::SecurityGroupEgress', `${MODEL}Balancer${id}`),
  });

  it('is internal unless configured otherwise, and stands where the servers run or in the public subnets', () => {
    const subnets = (template: Template): string => (balancerOf(template).Subnets as unknown[]).map(asText).join();
    expect(balancerOf(inference).Scheme).toBe('internal');
    expect(subnets(inference)).toContain('private');
    expect(balancerOf(open).Scheme).toBe('internet-facing');
    expect(subnets(open)).toContain('public');
  });

  it('speaks TLS 1.2 and 1.3 with the configured certificate, and nothing else', () => {
    const [listener, ...others] = propertiesOf(inference, 'AWS::ElasticLoadBalancingV2::Listener', MODEL);
    expect(others).toEqual([]);
    expect(listener).toMatchObject({
      Port: 443,
      Protocol: 'HTTPS',
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
      Certificates: [{ CertificateArn: EVERY_SWITCH.inference.certificateArn }],
      DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
    });
  });

  it('lets through what callers need, all of it to blue until ECS says otherwise; metrics stay inside', () => {
    const rule = only(inference, 'AWS::ElasticLoadBalancingV2::ListenerRule', MODEL);
    expect(rule.Conditions).toEqual([
      { Field: 'path-pattern', PathPatternConfig: { Values: ['/v1/*', '/healthz', '/readyz', '/openapi.json'] } },
    ]);
    const [{ ForwardConfig } = {}] = rule.Actions as Properties[];
    const { TargetGroups } = ForwardConfig as { TargetGroups: { TargetGroupArn: unknown; Weight: number }[] };
    expect(TargetGroups.map(({ TargetGroupArn, Weight }) => [asText(TargetGroupArn), Weight])).toEqual([
      ['<acmesentimentBalancerBlue>', 100],
      ['<acmesentimentBalancerGreen>', 0],
    ]);
  });

  it('writes the same rule whatever is configured: writing it again would send everybody to blue', () => {
    const ruleOf = (template: Template): string => {
      const { Tags: _, ...rule } = only(template, 'AWS::ElasticLoadBalancingV2::ListenerRule', MODEL); // its deployment's name
      return JSON.stringify(rule).replaceAll(/[0-9A-F]{8}/g, '');
    };
    expect(ruleOf(open)).toBe(ruleOf(inference));
  });

  it('drops headers that no client should send, logs each request, and is protected where stacks are', () => {
    const set = attributes(balancerOf(inference), 'LoadBalancerAttributes');
    expect(set).toMatchObject({
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'access_logs.s3.enabled': 'true',
      'access_logs.s3.bucket': '<BalancerLogs>',
      'access_logs.s3.prefix': 'acme/sentiment',
      'deletion_protection.enabled': 'true',
      'idle_timeout.timeout_seconds': '60',
    });
    expect(attributes(balancerOf(open), 'LoadBalancerAttributes')['deletion_protection.enabled']).toBe('false');
  });

  it('writes its log to a bucket of its own, which nobody else may write and which expires with the other logs', () => {
    const bucket = only(inference, 'AWS::S3::Bucket');
    expect(bucket).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      LifecycleConfiguration: { Rules: expect.arrayContaining([expect.objectContaining({ ExpirationInDays: 30 })]) },
    });
    const { Statement } = only(inference, 'AWS::S3::BucketPolicy').PolicyDocument as { Statement: Properties[] };
    const allowed = Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.map(({ Action, Principal }) => [Action, Principal])).toEqual(
      allowed.map(() => ['s3:PutObject', { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' }]),
    );
    expect(allowed.flatMap(({ Resource }) => [Resource].flat().map(asText)).join()).toContain(
      '<BalancerLogs.Arn>/acme/sentiment/AWSLogs/<AWS::AccountId>/*',
    );
    // Load balancers deliver to no bucket under a customer key, so this one has none even where the others have.
    expect(JSON.stringify(only(open, 'AWS::S3::Bucket').BucketEncryption)).toContain('AES256');
  });

  it('is reached by the network, or by the clients that are named, on one port', () => {
    const door = rulesOf(inference, 'Door');
    expect(door.in.map(({ CidrIp, FromPort, ToPort }) => [CidrIp, FromPort, ToPort])).toEqual([['10.0.0.0/16', 443, 443]]);
    expect(door.fromGroups).toEqual([]);
    expect(rulesOf(open, 'Door').in.map(({ CidrIp }) => CidrIp)).toEqual(['203.0.113.0/24']);
  });

  it('is the only one that reaches the servers, and reaches nothing else', () => {
    const [door, servers] = [rulesOf(inference, 'Door'), rulesOf(inference, 'Servers')];
    const toServers = { IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080 };
    expect(door.out).toEqual([]);
    expect(door.toGroups).toMatchObject([toServers]);
    expect(asText(door.toGroups[0]?.DestinationSecurityGroupId)).toBe('<acmesentimentBalancerServers.GroupId>');
    expect(servers.in).toEqual([]);
    expect(servers.fromGroups).toMatchObject([toServers]);
    expect(asText(servers.fromGroups[0]?.SourceSecurityGroupId)).toBe('<acmesentimentBalancerDoor.GroupId>');
  });

  it('has servers that call out over TLS alone, by an address of their own only where there is no NAT gateway', () => {
    const { out, toGroups } = rulesOf(inference, 'Servers');
    expect([out, toGroups]).toMatchObject([[{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }], []]);
    const address = (template: Template): unknown =>
      (
        only(template, 'AWS::ECS::Service', MODEL).NetworkConfiguration as {
          AwsvpcConfiguration: { AssignPublicIp: string };
        }
      ).AwsvpcConfiguration.AssignPublicIp;
    expect([address(inference), address(open)]).toEqual(['DISABLED', 'ENABLED']);
  });
});
