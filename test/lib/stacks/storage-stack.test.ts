import { describe, expect, it } from 'vitest';
import { statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { storage } = synthesise().templates;
const buckets = resourcesOf(storage, 'AWS::S3::Bucket');
const rulesOf = (name: string): Record<string, unknown>[] => {
  const [, bucket] = buckets.find(([id]) => id.startsWith(name)) ?? [];
  const { Rules } = (bucket?.Properties.LifecycleConfiguration ?? { Rules: [] }) as { Rules: Record<string, unknown>[] };
  return Rules;
};
/** A rule that would let the newest version of an object go. */
const expiresCurrent = (rule: Record<string, unknown>): boolean => 'ExpirationInDays' in rule || 'ExpirationDate' in rule;

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
    for (const [, { Properties, DeletionPolicy }] of policies) {
      expect(DeletionPolicy).toBe('Retain'); // a bucket that stays keeps it
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

  it('let checkpoints go after two weeks, uploads after a month, non-current versions after a week', () => {
    expect(rulesOf('Checkpoints')).toContainEqual(expect.objectContaining({ ExpirationInDays: 14, Status: 'Enabled' }));
    expect(rulesOf('Datasets')).toContainEqual(expect.objectContaining({ Prefix: 'uploads/', ExpirationInDays: 30 }));
    for (const name of ['Datasets', 'Experiments', 'Releases']) {
      expect(rulesOf(name)).toContainEqual(expect.objectContaining({ NoncurrentVersionExpiration: { NoncurrentDays: 7 } }));
    }
    expect(rulesOf('Experiments').filter(expiresCurrent)).toEqual([]);
  });

  it('never let a release expire, neither the newest three nor any other: no rule reaches a current version', () => {
    expect(rulesOf('Releases').filter(expiresCurrent)).toEqual([]);
    // What a mistaken deletion hides is there for a week; afterwards the lock still keeps it from everybody.
    expect(rulesOf('Releases')).toContainEqual({
      Id: 'expire-non-current-versions',
      ExpiredObjectDeleteMarker: true,
      NoncurrentVersionExpiration: { NoncurrentDays: 7 },
      Status: 'Enabled',
    });
    expect(expiresCurrent({ Id: 'planted', ExpirationInDays: 3650, Prefix: 'bundles/', Status: 'Enabled' })).toBe(true);
    expect(expiresCurrent({ Id: 'planted', ExpirationDate: '2030-01-01T00:00:00Z', Status: 'Enabled' })).toBe(true);
  });

  it('move to the archive that a plain read still reaches, and to none deeper', () => {
    const transitions = ['Datasets', 'Experiments', 'Checkpoints', 'Releases'].flatMap((name) =>
      rulesOf(name).flatMap(({ Transitions = [] }) => Transitions as { StorageClass: string; TransitionInDays: number }[]),
    );
    expect(new Set(transitions.map(({ StorageClass, TransitionInDays }) => `${StorageClass} ${TransitionInDays}`))).toEqual(
      new Set(['STANDARD_IA 30', 'GLACIER_IR 90']),
    );
    expect(rulesOf('Releases')).toContainEqual(expect.objectContaining({ Prefix: 'bundles/' }));
  });

  it('can lock objects where raw data and releases lie, without a default that would lock the rest', () => {
    const lockable = buckets
      .filter(([, { Properties }]) => Properties.ObjectLockEnabled)
      .map(([id]) => id.replace(/[0-9A-F]{8}$/, ''));
    expect(lockable).toEqual(['Datasets', 'Releases']);
    for (const [id, { Properties }] of buckets) expect(Properties.ObjectLockConfiguration, id).toBeUndefined();
  });

  it('take an object under a key once, but for the two documents of an attempt that change', () => {
    const denied = resourcesOf(storage, 'AWS::S3::BucketPolicy').flatMap(([id, { Properties }]) =>
      (Properties.PolicyDocument as { Statement: Record<string, unknown>[] }).Statement.filter(
        ({ Sid }) => Sid === 'WriteOnce',
      ).map(({ Action, Effect, Condition, Resource, NotResource }) => ({
        bucket: id.replace(/Policy[0-9A-F]{8}$/, ''),
        Action,
        Effect,
        Condition,
        on: asText(Resource ?? '').replace(/^<.*?>/, ''),
        but: asText(NotResource ?? '').replaceAll(/<.*?>/g, ''),
      })),
    );
    const unlessNew = {
      Action: 's3:PutObject',
      Effect: 'Deny',
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    };
    expect(denied).toEqual([
      { bucket: 'Datasets', ...unlessNew, on: '/*', but: '' },
      { bucket: 'Experiments', ...unlessNew, on: '', but: '/experiments/*/progress.json /experiments/*/stacks.txt' },
      { bucket: 'Checkpoints', ...unlessNew, on: '/*/COMMITTED', but: '' },
      { bucket: 'Releases', ...unlessNew, on: '/*', but: '' },
    ]);
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

describe('the backup plan of the table', () => {
  it('copies it each day for a week and each week for a quarter into a vault that stays', () => {
    const [[, plan] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(storage, 'AWS::Backup::BackupPlan');
    const { BackupPlanRule } = plan.Properties.BackupPlan as { BackupPlanRule: Record<string, unknown>[] };
    expect(
      BackupPlanRule.map(({ RuleName, ScheduleExpression, Lifecycle }) => [RuleName, ScheduleExpression, Lifecycle]),
    ).toEqual([
      ['daily', 'cron(0 3 * * ? *)', { DeleteAfterDays: 7 }],
      ['weekly', 'cron(0 4 ? * SUN *)', { DeleteAfterDays: 91 }],
    ]);
    expect(resourcesOf(storage, 'AWS::Backup::BackupVault').map(([, { DeletionPolicy }]) => DeletionPolicy)).toEqual(['Retain']);
    const [[, selection] = ['', { Properties: {} as Record<string, unknown> }]] = resourcesOf(
      storage,
      'AWS::Backup::BackupSelection',
    );
    expect(selection.Properties.BackupSelection).toMatchObject({
      Resources: [{ 'Fn::GetAtt': [expect.stringMatching(/^Table/), 'Arn'] }],
    });
  });

  it('reaches this table and this vault, and no other', () => {
    const grants = statementsOf(storage).filter(({ role }) => role === '<TableBackupRole>');
    expect(grants.flatMap(({ resources }) => resources)).toEqual([
      '<Table.Arn>',
      '<Table.Arn>/backup/*',
      '<TableBackupVault.BackupVaultArn>',
      expect.stringMatching(/:recovery-point:\*$/),
    ]);
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
    storage.resourceCountIs('AWS::Backup::BackupPlan', 0);
    for (const [id, { Properties }] of resourcesOf(storage, 'AWS::S3::Bucket'))
      expect(Properties.ObjectLockEnabled, `${id} could not be emptied`).toBeUndefined();
  });
});
