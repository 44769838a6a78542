import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { DATASET_VERSION_COMMAND } from '../../../functions/shared/contracts/names.ts';
import { resourcesFor, statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { templates } = synthesise();
const pipeline = statementsOf(templates.pipeline);
const api = statementsOf(templates.api);

describe('the preparation of datasets', () => {
  it('is a job of the size of prepare, tried once, without a GPU', () => {
    templates.pipeline.hasResourceProperties('AWS::Batch::JobDefinition', {
      JobDefinitionName: 'spotforge-dataset',
      RetryStrategy: { Attempts: 1 },
      Timeout: { AttemptDurationSeconds: 3600 },
      ContainerProperties: Match.objectLike({
        Command: [...DATASET_VERSION_COMMAND],
        Privileged: false,
        User: '1001',
        ResourceRequirements: [
          { Type: 'VCPU', Value: '2' },
          { Type: 'MEMORY', Value: '4096' },
        ],
      }),
    });
  });

  it('runs on a spot host, and on demand at last', () => {
    const machine = resourcesOf(templates.pipeline, 'AWS::StepFunctions::StateMachine')
      .map(([, { Properties }]) => Properties)
      .find(({ StateMachineName }) => StateMachineName === 'spotforge-dataset');
    const { SpotQueueArn, OnDemandQueueArn } = (machine?.DefinitionSubstitutions ?? {}) as Record<string, unknown>;
    expect([asText(SpotQueueArn), asText(OnDemandQueueArn)]).toEqual([
      '<cpuspotQueue.JobQueueArn>',
      '<cpuondemandQueue.JobQueueArn>',
    ]);
  });

  it('is ended by a rule where its execution is not let end', () => {
    const rule = resourcesOf(templates.pipeline, 'AWS::Events::Rule')
      .map(([, { Properties }]) => Properties)
      .find(({ Name }) => Name === 'spotforge-preparation-ended');
    expect(rule?.EventPattern).toMatchObject({
      source: ['aws.states'],
      detail: { status: ['ABORTED', 'FAILED', 'TIMED_OUT'], stateMachineArn: [expect.anything()] },
    });
    expect(resourcesFor(pipeline, '<DatasetTrackPreparationRole>', 's3:GetObject')).toEqual([
      '<Datasets.Arn>/dataset-preparations/*/*/report.json',
    ]);
  });

  it('reads what was sent, stores versions, and touches nothing of an experiment', () => {
    const own = (action: string): string[] => resourcesFor(pipeline, '<DatasetJobRole>', action);
    const documents = '<Datasets.Arn>/dataset-preparations/*/*';
    expect(own('s3:PutObject')).toEqual([
      `${documents}/rejected-rows.csv`,
      `${documents}/report.json`,
      '<Datasets.Arn>/processed/*',
      '<Datasets.Arn>/raw/*',
    ]);
    expect(own('s3:GetObject')).toEqual([
      `${documents}/rejected-rows.csv`,
      `${documents}/report.json`,
      `${documents}/request.json`,
      '<Datasets.Arn>/processed/*',
      '<Datasets.Arn>/raw/*',
      '<Datasets.Arn>/uploads/*',
    ]);
    const actions = new Set(pipeline.filter(({ role }) => role === '<DatasetJobRole>').flatMap(({ actions }) => actions));
    expect([...actions].filter((action) => !action.startsWith('s3:'))).toEqual([]);
  });

  it('locks raw data where the deployment locks objects, and tells the job for how long', () => {
    const environment = resourcesOf(templates.pipeline, 'AWS::Batch::JobDefinition')
      .map(([, { Properties }]) => Properties)
      .find(({ JobDefinitionName }) => JobDefinitionName === 'spotforge-dataset')?.ContainerProperties as {
      Environment: { Name: string }[];
    };
    expect(environment.Environment.map(({ Name }) => Name)).toContain('RETENTION_DAYS');
    expect(resourcesFor(pipeline, '<DatasetJobRole>', 's3:PutObjectRetention')).toEqual(['<Datasets.Arn>/raw/*']);
  });
});

describe('the routes of datasets', () => {
  it('start a preparation from one of them only, and write nothing from those that read', () => {
    const starts = api.filter(({ actions }) => actions.includes('states:StartExecution')).map(({ role }) => role);
    expect(starts).toContain('<CreateDatasetVersionRole>');
    for (const role of ['<ListDatasetsRole>', '<GetDatasetRole>', '<ListDatasetVersionsRole>', '<GetDatasetVersionRole>']) {
      const actions = api.filter((statement) => statement.role === role).flatMap(({ actions }) => actions);
      expect(actions.filter((action) => /:(Put|Update|Delete|Start)/.test(action) && action !== 'logs:PutLogEvents')).toEqual([]);
    }
    expect(resourcesFor(api, '<CreateDatasetVersionRole>', 's3:PutObject')).toEqual([
      '<Datasets.Arn>/dataset-preparations/*/*/request.json',
    ]);
  });
});
