import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesise } from '../synthesised.ts';

const { storage } = synthesise().templates;
const buckets = resourcesOf(storage, 'AWS::S3::Bucket');
const rulesOf = (name: string): Record<string, unknown>[] => {
  const [, bucket] = buckets.find(([id]) => id.startsWith(name)) ?? [];
  const { Rules } = (bucket?.Properties.LifecycleConfiguration ?? { Rules: [] }) as { Rules: Record<string, unknown>[] };
  return Rules;
};

describe('buckets', () => {
  it('are encrypted, closed to the public and kept when the stack goes', () => {
    expect(buckets).toHaveLength(4);
    for (const [, bucket] of buckets) {
      expect(bucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      expect(bucket.Properties).toMatchObject({
        BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      });
    }
  });

  it('refuse plain http, each by a policy of its own', () => {
    const policies = resourcesOf(storage, 'AWS::S3::BucketPolicy');
    expect(policies).toHaveLength(4);
    for (const [, { Properties }] of policies) {
      expect(JSON.stringify(Properties.PolicyDocument)).toContain('{"Bool":{"aws:SecureTransport":"false"}}');
      expect(JSON.stringify(Properties.PolicyDocument)).toContain('"Effect":"Deny"');
    }
  });

  it('keep versions, all but checkpoints', () => {
    const versioned = buckets
      .filter(([, { Properties }]) => Properties.VersioningConfiguration)
      .map(([id]) => id.replace(/[0-9A-F]{8}$/, ''));
    expect(versioned).toEqual(['Datasets', 'Experiments', 'Releases']);
  });

  it('let checkpoints go after two weeks, uploads and non-current versions after a month', () => {
    expect(rulesOf('Checkpoints')).toContainEqual(expect.objectContaining({ ExpirationInDays: 14, Status: 'Enabled' }));
    expect(rulesOf('Datasets')).toContainEqual(expect.objectContaining({ Prefix: 'uploads/', ExpirationInDays: 30 }));
    for (const name of ['Datasets', 'Experiments', 'Releases']) {
      expect(rulesOf(name)).toContainEqual(expect.objectContaining({ NoncurrentVersionExpiration: { NoncurrentDays: 30 } }));
    }
    for (const name of ['Experiments', 'Releases'])
      expect(rulesOf(name).filter((rule) => 'ExpirationInDays' in rule)).toEqual([]);
  });
});

describe('the table', () => {
  it('is on demand, recoverable, protected, and streams what changed', () => {
    storage.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      DeletionProtectionEnabled: true,
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    });
  });

  it('has three indexes over strings that carry every attribute', () => {
    const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
      storage,
      'AWS::DynamoDB::Table',
    );
    expect(Properties.GlobalSecondaryIndexes).toEqual(
      ['gsi1', 'gsi2', 'gsi3'].map((IndexName) => ({
        IndexName,
        KeySchema: [
          { AttributeName: `${IndexName}pk`, KeyType: 'HASH' },
          { AttributeName: `${IndexName}sk`, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      })),
    );
    expect(
      (Properties.AttributeDefinitions as { AttributeType: string }[]).every(({ AttributeType }) => AttributeType === 'S'),
    ).toBe(true);
  });
});

describe('users', () => {
  it('are made by an administrator, with a tenant that is set once', () => {
    storage.hasResourceProperties('AWS::Cognito::UserPool', {
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      Schema: [
        {
          Name: 'tenant',
          AttributeDataType: 'String',
          Mutable: false,
          StringAttributeConstraints: { MinLength: '2', MaxLength: '31' },
        },
      ],
    });
  });

  it('may read their tenant, so that the ID token carries it, but not write it', () => {
    const [[, { Properties }] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
      storage,
      'AWS::Cognito::UserPoolClient',
    );
    expect(Properties.WriteAttributes).toEqual(['email']);
    expect(Properties.ReadAttributes).toContain('custom:tenant');
    expect(Properties).toMatchObject({ GenerateSecret: false, PreventUserExistenceErrors: 'ENABLED' });
    expect(Properties.ExplicitAuthFlows).toEqual(['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']);
  });

  it('belong to groups without spaces', () => {
    const names = resourcesOf(storage, 'AWS::Cognito::UserPoolGroup').map(([, { Properties }]) => Properties.GroupName);
    expect(names).toEqual(['admins', 'members', 'viewers']);
  });

  it('come from elsewhere when an external issuer is configured', () => {
    const external = { issuer: 'https://login.example.com', audience: ['spotforge'] };
    const { templates } = synthesise({ identity: { external } });
    templates.storage.resourceCountIs('AWS::Cognito::UserPool', 0);
    templates.api.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      JwtConfiguration: { Issuer: external.issuer, Audience: external.audience },
    });
  });
});

describe('image repositories', () => {
  it('keep five images, scan them, and never let a tag move', () => {
    const repositories = resourcesOf(storage, 'AWS::ECR::Repository');
    expect(repositories.map(([, { Properties }]) => Properties.RepositoryName)).toEqual([
      'spotforge/data',
      'spotforge/training',
      'spotforge/optimization',
    ]);
    for (const [, { Properties }] of repositories) {
      expect(Properties).toMatchObject({ ImageTagMutability: 'IMMUTABLE', ImageScanningConfiguration: { ScanOnPush: true } });
      expect((Properties.LifecyclePolicy as { LifecyclePolicyText: string }).LifecyclePolicyText).toContain('"countNumber":5');
    }
  });
});

describe('a deployment that may be destroyed', () => {
  it('keeps nothing', () => {
    const { storage } = synthesise({ name: 'scratch', data: 'destroy' }).templates;
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Cognito::UserPool', 'AWS::ECR::Repository']) {
      for (const [, resource] of resourcesOf(storage, type)) expect(resource.DeletionPolicy).toBe('Delete');
    }
    storage.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  });
});
