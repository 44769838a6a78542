import { describe, expect, it } from 'vitest';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { resourcesFor, statementsOf } from '../policy-statements.ts';
import { resourcesOf, synthesise } from '../synthesised.ts';

const stream = 'arn:aws:dynamodb:us-east-1:123456789012:table/restored/stream/2026-11-22T10:00:00.000';
const existing = {
  table: { name: 'restored', streamArn: stream },
  buckets: { datasets: 'lab-datasets', experiments: 'lab-experiments', checkpoints: 'lab-checkpoints', releases: 'lab-releases' },
};
const { storage, pipeline, api, rehearsal } = synthesise({ existing }).templates;
const users = { pipeline, api, rehearsal };
const TABLE = 'arn:<AWS::Partition>:dynamodb:<AWS::Region>:<AWS::AccountId>:table/restored';

describe('a table and buckets that are there already', () => {
  it('are not made once more', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::S3::BucketPolicy']) storage.resourceCountIs(type, 0);
  });

  it('are among the outputs, which the clients read', () => {
    expect(storage.toJSON().Outputs).toMatchObject({
      TableName: { Value: 'restored' },
      DatasetsBucket: { Value: 'lab-datasets' },
      ExperimentsBucket: { Value: 'lab-experiments' },
      CheckpointsBucket: { Value: 'lab-checkpoints' },
      ReleasesBucket: { Value: 'lab-releases' },
    });
  });

  it('are known to the other stacks by name alone, so that these can be deployed before the storage stack drops its exports', () => {
    for (const [name, template] of Object.entries(users)) {
      const imports = JSON.stringify(template.toJSON()).match(/"Fn::ImportValue":"[^"]+"/g) ?? [];
      const ofStorage = imports.filter((value) => /(Datasets|Experiments|Checkpoints|Releases|Table)[0-9A-F]{8}/.test(value));
      expect(ofStorage, name).toEqual([]);
    }
  });

  it('reach every function and every job by its environment', () => {
    const functions = Object.values(users).flatMap((template) => resourcesOf(template, 'AWS::Lambda::Function'));
    const named = functions.flatMap(([, { Properties }]) =>
      Object.entries((Properties.Environment as { Variables: Record<string, unknown> }).Variables),
    );
    for (const [variable, value] of [
      ['TABLE_NAME', 'restored'],
      ['DATASETS_BUCKET', 'lab-datasets'],
      ['EXPERIMENTS_BUCKET', 'lab-experiments'],
      ['CHECKPOINTS_BUCKET', 'lab-checkpoints'],
      ['RELEASES_BUCKET', 'lab-releases'],
    ]) {
      const values = new Set(named.filter(([name]) => name === variable).map(([, found]) => found));
      expect([...values], variable).toEqual([value]);
    }
    const jobs = [...resourcesOf(pipeline, 'AWS::Batch::JobDefinition'), ...resourcesOf(rehearsal, 'AWS::Batch::JobDefinition')];
    expect(jobs.length).toBeGreaterThan(8);
    for (const [, { Properties }] of jobs) {
      const { Environment } = Properties.ContainerProperties as { Environment: { Name: string; Value: unknown }[] };
      expect(Environment).toContainEqual({ Name: 'RELEASES_BUCKET', Value: 'lab-releases' });
      expect(Environment).toContainEqual({ Name: 'CHECKPOINTS_BUCKET', Value: 'lab-checkpoints' });
    }
  });

  it('are what roles are granted: table, indexes and keys below buckets', () => {
    const grants = statementsOf(pipeline);
    expect(resourcesFor(grants, '<SuperviseExperimentsRole>', 'dynamodb:Query')).toEqual([TABLE, `${TABLE}/index/gsi3`]);
    expect(resourcesFor(grants, '<StagebundleRole>', 's3:PutObject')).toEqual([
      'arn:<AWS::Partition>:s3:::lab-experiments/experiments/*/bundle/*',
      'arn:<AWS::Partition>:s3:::lab-releases/bundles/*',
    ]);
  });

  it('publish their changes: the outbox reads the stream that is configured', () => {
    pipeline.hasResourceProperties('AWS::Lambda::EventSourceMapping', { EventSourceArn: stream });
    expect(resourcesFor(statementsOf(pipeline), '<PublishChangesRole>', 'dynamodb:GetRecords')).toEqual([stream]);
  });

  it('can be taken one by one', () => {
    const { templates } = synthesise({ existing: { buckets: { releases: 'lab-releases' } } });
    templates.storage.resourceCountIs('AWS::DynamoDB::Table', 1);
    templates.storage.resourceCountIs('AWS::S3::Bucket', 3);
    const grants = resourcesFor(statementsOf(templates.pipeline), '<StagebundleRole>', 's3:PutObject');
    expect(grants).toEqual(['<Experiments.Arn>/experiments/*/bundle/*', 'arn:<AWS::Partition>:s3:::lab-releases/bundles/*']);
  });
});

describe('their configuration', () => {
  it.each([
    [{ table: { name: 'restored' } }, /existing\.table\.streamArn/],
    [{ table: { name: 'other', streamArn: stream } }, /existing\.table\.streamArn: expected the stream of the table/],
    [{ table: { name: 'restored', streamArn: TABLE } }, /existing\.table\.streamArn: expected the ARN/],
    [{ buckets: { releases: 's3://lab-releases' } }, /existing\.buckets\.releases: expected the name of a bucket/],
    [{ buckets: { uploads: 'lab-uploads' } }, /existing\.buckets: .*uploads/],
  ])('refuses %j', (wrong, message) => {
    expect(() => parseDeployment({ existing: wrong })).toThrow(message);
  });
});
