import { describe, expect, it } from 'vitest';
import { statementsOf } from '../policy-statements.ts';
import { resourcesOf, type Synthesised, synthesise } from '../synthesised.ts';

type Templates = Synthesised['templates'];

/** RETENTION_DAYS of each stage's job definition that has it. */
const retentionOf = ({ pipeline }: Templates): Record<string, string> =>
  Object.fromEntries(
    resourcesOf(pipeline, 'AWS::Batch::JobDefinition').flatMap(([, { Properties }]) => {
      const { Environment } = Properties.ContainerProperties as { Environment: { Name: string; Value: string }[] };
      const days = Environment.find(({ Name }) => Name === 'RETENTION_DAYS');
      return days ? [[String(Properties.JobDefinitionName).replace(/^[a-z]+-/, ''), days.Value]] : [];
    }),
  );

/** Who may lock what. */
const lockersOf = (templates: Templates): Record<string, string[]> =>
  Object.fromEntries(
    Object.values(templates)
      .flatMap(statementsOf)
      .filter(({ actions }) => actions.includes('s3:PutObjectRetention'))
      .map(({ role, resources }) => [role, resources]),
  );

describe('Object Lock', () => {
  const { templates } = synthesise();

  it('is set by the jobs that write raw data and releases, each for its own time, and by no other', () => {
    expect(retentionOf(templates)).toEqual({ ingest: '30', dataset: '30', bundle: '365' });
  });

  it('is granted to them for what they lock, and to nobody else', () => {
    expect(lockersOf(templates)).toEqual({
      '<StageingestRole>': ['<Datasets.Arn>/raw/*'],
      '<DatasetJobRole>': ['<Datasets.Arn>/raw/*'],
      '<StagebundleRole>': ['<Releases.Arn>/bundles/*'],
    });
  });

  it('can be bypassed by no role, which would take the bucket’s locks for nothing', () => {
    const actions = Object.values(templates)
      .flatMap(statementsOf)
      .flatMap((statement) => statement.actions);
    expect(actions.filter((action) => /Bypass|^s3:\*|^\*$/.test(action))).toEqual([]);
  });

  it('takes its times from the configuration', () => {
    const { templates } = synthesise({ objectLock: { rawDays: 7, releaseDays: 90 } });
    expect(retentionOf(templates)).toEqual({ ingest: '7', dataset: '7', bundle: '90' });
  });

  it('is off where the data may be destroyed: nothing is told, nothing is granted', () => {
    const { templates } = synthesise({ name: 'scratch', data: 'destroy' });
    expect([retentionOf(templates), lockersOf(templates)]).toEqual([{}, {}]);
  });
});
