import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { REPLICATED_BUCKETS, replicaName } from '../../../lib/config/replicated.ts';
import { statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { folder, templates } = synthesise({ replication: { region: 'eu-west-1' } });
const { storage, replication = Template.fromString('{}') } = templates;
const replicas = resourcesOf(replication, 'AWS::S3::Bucket');
const sources = resourcesOf(storage, 'AWS::S3::Bucket');
const idOf = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');
/** What makes the two differ: the replica's name, and the source's own replication. */
const governed = ({ BucketName: _, ReplicationConfiguration: __, ...properties }: Record<string, unknown>) => properties;

describe('the second region', () => {
  it('has a replica of each bucket but the checkpoints, governed as its source is', () => {
    expect(replicas.map(([id]) => idOf(id))).toEqual(['Datasets', 'Experiments', 'Releases']);
    for (const [id, { Properties, DeletionPolicy }] of replicas) {
      const source = sources.find(([other]) => idOf(other) === idOf(id))?.[1];
      expect(governed(Properties), id).toEqual(governed(source?.Properties ?? {}));
      expect(Properties.VersioningConfiguration, id).toEqual({ Status: 'Enabled' });
      expect(DeletionPolicy).toBe('Retain');
    }
    expect(resourcesOf(replication, 'AWS::S3::BucketPolicy')).toHaveLength(3);
  });

  it('is deployed first, and known by names that nobody else has', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest.artifacts['spotforge-replication'].environment).toBe('aws://unknown-account/eu-west-1');
    expect(manifest.artifacts['spotforge-storage'].dependencies).toContain('spotforge-replication');
    expect(replicas.map(([, { Properties }]) => asText(Properties.BucketName))).toEqual([
      'spotforge-datasets-<AWS::AccountId>-eu-west-1',
      'spotforge-experiments-<AWS::AccountId>-eu-west-1',
      'spotforge-releases-<AWS::AccountId>-eu-west-1',
    ]);
    const longest = parseDeployment({ name: 'a-name-of-20-letters' });
    for (const bucket of REPLICATED_BUCKETS)
      expect(replicaName(longest, bucket, { account: '123456789012', region: 'ap-southeast-1' }).length).toBeLessThanOrEqual(63);
  });

  it('is not there unless it is switched on', () => {
    const off = synthesise().templates;
    expect(off.replication).toBeUndefined();
    for (const [id, { Properties }] of resourcesOf(off.storage, 'AWS::S3::Bucket'))
      expect(Properties.ReplicationConfiguration, id).toBeUndefined();
  });

  it('passes cfn-lint', () => {
    const files = readdirSync(folder).filter((name) => /-(storage|replication)\.template\.json$/.test(name));
    expect(files).toHaveLength(2);
    expect(() =>
      execFileSync(
        '.venv/bin/cfn-lint',
        files.map((file) => join(folder, file)),
        { encoding: 'utf8' },
      ),
    ).not.toThrow();
  });
});

describe('replication', () => {
  const rulesOf = (name: string) => {
    const configuration = sources.find(([id]) => idOf(id) === name)?.[1].Properties.ReplicationConfiguration as
      | { Role: unknown; Rules: Record<string, unknown>[] }
      | undefined;
    return configuration?.Rules ?? [];
  };

  it('copies what cannot be made again: no uploads, which become raw data, and no checkpoints, which expire', () => {
    const prefixes = (name: string) => rulesOf(name).map(({ Filter }) => (Filter as { Prefix: string }).Prefix);
    expect(prefixes('Datasets')).toEqual(['raw/', 'processed/', 'base-models/']);
    expect(prefixes('Experiments')).toEqual(['']);
    expect(prefixes('Releases')).toEqual(['']);
    expect(rulesOf('Checkpoints')).toEqual([]);
  });

  it('keeps deletions at home', () => {
    for (const rule of ['Datasets', 'Experiments', 'Releases'].flatMap(rulesOf))
      expect(rule).toMatchObject({ Status: 'Enabled', DeleteMarkerReplication: { Status: 'Disabled' } });
  });

  it('goes to the replica that the other stack makes', () => {
    const [rule] = rulesOf('Releases');
    expect(asText((rule?.Destination as { Bucket: unknown } | undefined)?.Bucket)).toBe(
      'arn:<AWS::Partition>:s3:::spotforge-releases-<AWS::AccountId>-eu-west-1',
    );
  });

  it('has a role that reads each source, writes its replica, and deletes nothing', () => {
    const grants = statementsOf(storage).filter(({ role }) => role === '<ReplicationRole>');
    const actions = new Set(grants.flatMap((statement) => statement.actions));
    expect([...actions].sort()).toEqual([
      's3:GetObjectLegalHold',
      's3:GetObjectRetention',
      's3:GetObjectVersionAcl',
      's3:GetObjectVersionForReplication',
      's3:GetObjectVersionTagging',
      's3:GetReplicationConfiguration',
      's3:ListBucket',
      's3:ReplicateObject',
      's3:ReplicateTags',
    ]);
    const writes = grants.filter((statement) => statement.actions.includes('s3:ReplicateObject'));
    expect(writes.flatMap(({ resources }) => resources).sort()).toEqual(
      ['datasets', 'experiments', 'releases'].map(
        (name) => `arn:<AWS::Partition>:s3:::spotforge-${name}-<AWS::AccountId>-eu-west-1/*`,
      ),
    );
    const reads = grants.filter((statement) => statement.actions.includes('s3:GetObjectRetention'));
    expect(reads.flatMap(({ resources }) => resources).sort()).toEqual(['<Datasets.Arn>/*', '<Releases.Arn>/*']);
  });

  it('leaves a bucket alone that was there already', () => {
    const existing = { buckets: { releases: 'lab-releases' } };
    const { storage } = synthesise({ replication: { region: 'eu-west-1' }, existing }).templates;
    const writes = statementsOf(storage).filter(({ actions }) => actions.includes('s3:ReplicateObject'));
    expect(JSON.stringify(writes)).not.toContain('releases');
  });

  it('is refused together with customer keys', () => {
    expect(() => synthesise({ replication: { region: 'eu-west-1' }, customerKeys: true })).toThrow(
      /customerKeys and replication/,
    );
  });
});
