import { describe, expect, it } from 'vitest';
import { ORIGIN_HEADER } from '../../../functions/shared/origin.ts';
import { EVERY_SWITCH, THE_OTHER_WAY } from '../every-switch.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { storage, api, edge } = synthesise(EVERY_SWITCH).templates;
const alone = synthesise(THE_OTHER_WAY).templates;
const SECRET = '{{resolve:secretsmanager:full-acme/origin:SecretString:::}}';

type Properties = Record<string, unknown>;
const propertiesOf = (template: typeof api | undefined, type: string): Properties[] =>
  template === undefined ? [] : resourcesOf(template, type).map(([, { Properties }]) => Properties);
const only = (template: typeof api | undefined, type: string): Properties => {
  const [one, ...others] = propertiesOf(template, type);
  expect(others, type).toEqual([]);
  return one ?? {};
};
const recordsOf = (template: typeof api | undefined): unknown[] =>
  propertiesOf(template, 'AWS::Route53::RecordSet').map(({ Name, Type, HostedZoneId }) => [Name, Type, HostedZoneId]);

describe('a domain of one’s own', () => {
  it('is the only address of the API, over TLS 1.2 and later, with a certificate that its zone proves', () => {
    expect(only(alone.api, 'AWS::ApiGatewayV2::Api')).toMatchObject({ DisableExecuteApiEndpoint: true });
    expect(only(alone.api, 'AWS::ApiGatewayV2::DomainName')).toMatchObject({
      DomainName: 'api.example.com',
      DomainNameConfigurations: [{ EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
    });
    expect(only(alone.api, 'AWS::CertificateManager::Certificate')).toMatchObject({
      DomainName: 'api.example.com',
      ValidationMethod: 'DNS',
      DomainValidationOptions: [{ DomainName: 'api.example.com', HostedZoneId: 'Z0123456789ABCDEFGHIJ' }],
    });
    expect(recordsOf(alone.api)).toEqual([
      ['api.example.com.', 'A', 'Z0123456789ABCDEFGHIJ'],
      ['api.example.com.', 'AAAA', 'Z0123456789ABCDEFGHIJ'],
    ]);
    const outputs = alone.api.toJSON().Outputs as Record<string, { Value: unknown }>;
    expect(outputs.ApiUrl?.Value).toBe('https://api.example.com/');
  });

  it('takes tokens of the other identity provider, and makes no user pool', () => {
    const { JwtConfiguration } = only(alone.api, 'AWS::ApiGatewayV2::Authorizer');
    expect(JwtConfiguration).toEqual({ Issuer: 'https://login.example.com', Audience: ['spotforge'] });
    expect(propertiesOf(alone.storage, 'AWS::Cognito::UserPool')).toEqual([]);
  });
});

describe('an edge', () => {
  it('answers under the public name and calls the API under another, over TLS alone, with the secret', () => {
    const { DistributionConfig } = only(edge, 'AWS::CloudFront::Distribution');
    expect(DistributionConfig).toMatchObject({
      Aliases: ['api.example.com'],
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021' },
      DefaultCacheBehavior: { ViewerProtocolPolicy: 'https-only' },
      Origins: [
        {
          DomainName: 'origin.api.example.com',
          CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] },
          OriginCustomHeaders: [{ HeaderName: ORIGIN_HEADER, HeaderValue: SECRET }],
        },
      ],
    });
    expect(asText((DistributionConfig as Properties).WebACLId)).toBe('<FirewallAcl.Arn>');
    expect(only(api, 'AWS::ApiGatewayV2::DomainName').DomainName).toBe('origin.api.example.com');
    expect(recordsOf(edge)).toContainEqual(['api.example.com.', 'A', 'Z0123456789ABCDEFGHIJ']);
  });

  it('refuses who sends too much, who is known for it, and what looks like an attack', () => {
    const { Scope, Rules } = only(edge, 'AWS::WAFv2::WebACL') as {
      Scope: string;
      Rules: { Name: string; Statement: Properties }[];
    };
    expect(Scope).toBe('CLOUDFRONT');
    expect(Rules.map(({ Name }) => Name)).toEqual([
      'rate',
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesKnownBadInputsRuleSet',
      'AWSManagedRulesCommonRuleSet',
    ]);
    expect(Rules[0]?.Statement).toMatchObject({ RateBasedStatement: { Limit: 2_000, AggregateKeyType: 'IP' } });
    expect(only(edge, 'AWS::WAFv2::LoggingConfiguration').RedactedFields).toEqual([{ SingleHeader: { Name: 'authorization' } }]);
  });

  it('has a secret that AWS makes, where every stack that reads it finds it, and that no template holds', () => {
    expect(only(storage, 'AWS::SecretsManager::Secret')).toMatchObject({
      Name: 'full-acme/origin',
      GenerateSecretString: { PasswordLength: 48 },
    });
    expect(propertiesOf(alone.storage, 'AWS::SecretsManager::Secret')).toEqual([]);
  });
});

describe('clients of machines', () => {
  it('may ask for their own tenant and groups only, with a secret, for tokens of an hour', () => {
    const clients = propertiesOf(api, 'AWS::Cognito::UserPoolClient');
    expect(
      clients.map(({ ClientName, AllowedOAuthScopes }) => [ClientName, (AllowedOAuthScopes as unknown[]).map(asText)]),
    ).toEqual([
      ['full-acme-ci', ['<MachinesScopes>/tenant.acme', '<MachinesScopes>/group.members']],
      ['full-acme-nightly', ['<MachinesScopes>/tenant.acme']],
    ]);
    for (const client of clients) {
      expect(client).toMatchObject({ GenerateSecret: true, AllowedOAuthFlows: ['client_credentials'], AccessTokenValidity: 60 });
    }
  });

  it('are let in by the authorizer beside the people', () => {
    const { Audience } = only(api, 'AWS::ApiGatewayV2::Authorizer').JwtConfiguration as { Audience: unknown[] };
    expect(Audience.map(asText)).toEqual(['<UsersPoolClient>', '<Machinesci>', '<Machinesnightly>']);
  });
});
