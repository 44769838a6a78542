import { describe, expect, it } from 'vitest';
import { replacementRulesFor } from '../../../local/changes/replacement-rules.ts';
import { changesOf, type Template } from '../../../local/changes/template-changes.ts';
import { synthesise } from '../../lib/synthesised.ts';

const { templates } = synthesise();
const { storage, compute, pipeline } = Object.fromEntries(
  Object.entries(templates).map(([stack, template]) => [stack, template.toJSON() as Template]),
) as Record<keyof typeof templates, Template>;
const rules = replacementRulesFor([storage, compute, pipeline]);

/** The template after a change of the first resource of a type, or of one that is named. */
const changed = (template: Template, type: string, change: (resource: Template['Resources'][string]) => void): Template => {
  const copy = structuredClone(template);
  const [, resource] = Object.entries(copy.Resources).find(([, { Type }]) => Type === type) ?? [];
  if (!resource) throw new Error(`no ${type}`);
  change(resource);
  return copy;
};
const effects = (before: Template, after: Template) =>
  changesOf(before, after, rules).map(({ type, effect }) => `${effect} ${type.replace('AWS::', '')}`);

describe('the rules of replacement', () => {
  it('are those that AWS documents for what jobs live in', () => {
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-jobqueue.html: "Update requires: Replacement"
    expect(rules['AWS::Batch::JobQueue']?.always).toContain('JobQueueName');
    expect(rules['AWS::Batch::JobQueue']?.always).not.toContain('SchedulingPolicyArn');
    expect(rules['AWS::Batch::SchedulingPolicy']?.always).toEqual(['Name']);
    expect(rules['AWS::Batch::JobDefinition']?.always).toEqual(['JobDefinitionName']);
    expect(rules['AWS::Batch::ComputeEnvironment']?.always).toContain('Type');
    expect(rules['AWS::Batch::ComputeEnvironment']?.sometimes).toContain('ComputeResources/InstanceTypes');
  });
});

describe('the changes between two templates', () => {
  it('are none between equal ones, and all of one that is new or goes', () => {
    expect(changesOf(compute, structuredClone(compute), rules)).toEqual([]);
    expect(new Set(changesOf(undefined, compute, rules).map(({ effect }) => effect))).toEqual(new Set(['added']));
    expect(new Set(changesOf(compute, undefined, rules).map(({ effect }) => effect))).toEqual(new Set(['removed']));
  });

  it('leave what is to be retained in the account', () => {
    const orphans = changesOf(storage, undefined, rules).filter(({ effect }) => effect === 'orphaned');
    expect(new Set(orphans.map(({ type }) => type))).toEqual(
      new Set([
        'AWS::S3::Bucket',
        'AWS::S3::BucketPolicy',
        'AWS::DynamoDB::Table',
        'AWS::ECR::Repository',
        'AWS::Cognito::UserPool',
        'AWS::Cognito::UserPoolGroup',
        'AWS::Backup::BackupVault',
      ]),
    );
  });

  it('replace a queue that is renamed', () => {
    const after = changed(compute, 'AWS::Batch::JobQueue', ({ Properties }) =>
      Object.assign(Properties ?? {}, { JobQueueName: 'other' }),
    );
    expect(changesOf(compute, after, rules)).toEqual([
      {
        logicalId: 'gpuspotQueueB6F1DF86',
        type: 'AWS::Batch::JobQueue',
        effect: 'replaced',
        because: 'JobQueueName cannot change in place',
      },
    ]);
  });

  it('remove a queue whose logical id changes, and say that its name is taken', () => {
    const { gpuspotQueueB6F1DF86: queue, ...rest } = compute.Resources;
    if (!queue) throw new Error('no queue');
    const [removed, added] = changesOf(compute, { Resources: { ...rest, another: queue } }, rules);
    expect(removed).toMatchObject({
      effect: 'removed',
      because: expect.stringContaining('another takes its name spotforge-gpu-spot'),
    });
    expect(added).toMatchObject({ logicalId: 'another', effect: 'added' });
  });

  it('change environments in place as long as they ask for it', () => {
    const types = (resource: Template['Resources'][string]) =>
      Object.assign(resource.Properties?.ComputeResources as object, { InstanceTypes: ['g5.xlarge'] });
    const inPlace = changed(compute, 'AWS::Batch::ComputeEnvironment', types);
    expect(effects(compute, inPlace)).toEqual(['updated Batch::ComputeEnvironment']);
    const asking = (template: Template) =>
      changed(template, 'AWS::Batch::ComputeEnvironment', ({ Properties }) =>
        Object.assign(Properties ?? {}, { ReplaceComputeEnvironment: true }),
      );
    expect(effects(asking(compute), asking(inPlace))).toEqual(['maybe replaced Batch::ComputeEnvironment']);
  });

  it('replace what refers to a replaced resource where it cannot change, and only that', () => {
    const after = changed(compute, 'AWS::EC2::VPC', ({ Properties }) =>
      Object.assign(Properties ?? {}, { CidrBlock: '10.9.0.0/16' }),
    );
    const all = effects(compute, after);
    expect(all).toContain('replaced EC2::VPC');
    expect(all).toContain('replaced EC2::Subnet'); // its VpcId
    expect(all).not.toContain('replaced Batch::JobQueue');
    expect(all).not.toContain('replaced Batch::ComputeEnvironment');
  });
});

describe('a deployed stack', () => {
  it('takes another image, a new size and another role as new revisions, in place', () => {
    const after = changed(pipeline, 'AWS::Batch::JobDefinition', ({ Properties }) =>
      Object.assign(Properties?.ContainerProperties as object, {
        Image: 'registry/other:1',
        JobRoleArn: 'arn:aws:iam::1:role/other',
      }),
    );
    expect(effects(pipeline, after)).toEqual(['updated Batch::JobDefinition']);
  });

  it('takes a changed role in place', () => {
    const after = changed(pipeline, 'AWS::IAM::Policy', ({ Properties }) =>
      Object.assign(Properties ?? {}, { PolicyDocument: { Version: '2012-10-17', Statement: [] } }),
    );
    expect(effects(pipeline, after)).toEqual(['updated IAM::Policy']);
  });

  it('takes new limits, other machines, images and sizes without losing or replacing anything', () => {
    const { templates: after } = synthesise({
      limits: { queueSeconds: 1200 },
      queues: { 'cpu-spot': { maxvCpus: 64, instanceTypes: ['m7i.large'] } },
      images: { training: { digest: `sha256:${'a'.repeat(64)}` } },
      stages: { train: { memoryMiB: 12_000, hangLimitSeconds: 600 } },
    });
    const changes = [
      ...changesOf(storage, after.storage.toJSON() as Template, rules),
      ...changesOf(compute, after.compute.toJSON() as Template, rules),
      ...changesOf(pipeline, after.pipeline.toJSON() as Template, rules),
    ];
    expect(changes.length).toBeGreaterThan(5);
    expect(new Set(changes.map(({ effect }) => effect))).toEqual(new Set(['updated']));
  });
});
