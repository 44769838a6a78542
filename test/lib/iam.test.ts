import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import { DEPLOYMENTS } from './every-switch.ts';
import { resourcesFor, type Statement, statementsOf } from './policy-statements.ts';
import { roleProblems } from './role-rules.ts';
import { synthesise } from './synthesised.ts';

const { templates } = synthesise({ allowedSources: ['s3://partner-data/ratings/'] });
const all = Object.values(templates).flatMap(statementsOf);
const pipeline = statementsOf(templates.pipeline);
const stageRole = (stage: Stage): string => `<Stage${stage}Role>`;

/** What a stage writes beside its own folder. */
const OWN_WRITES: Record<Stage, string[]> = {
  ingest: ['<Datasets.Arn>/base-models/*', '<Datasets.Arn>/raw/*'],
  prepare: ['<Datasets.Arn>/processed/*'],
  train: ['<Checkpoints.Arn>/*'],
  export: ['<Experiments.Arn>/models/onnx/*/fp32/*'],
  parity: [],
  quantize: ['<Experiments.Arn>/models/onnx/*/int8/*'],
  benchmark: [],
  bundle: ['<Releases.Arn>/bundles/*'],
};

describe('every role', () => {
  it('is looked at: the default configuration alone has more than sixty statements', () => {
    expect(all.length).toBeGreaterThan(60);
  });

  it.each(Object.entries(DEPLOYMENTS))('names what it may do and on what, and shares it with nobody: %s', (_name, deployment) => {
    expect(Object.values(synthesise(deployment).templates).flatMap(roleProblems)).toEqual([]);
  });

  const ROLE = { Type: 'AWS::IAM::Role', Properties: {} };
  const may = (statement: object, Roles: unknown[] = [{ Ref: 'Role' }]) => ({
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] }, Roles },
  });
  const ONE = may({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/k' });
  const FUNCTION = { Type: 'AWS::Lambda::Function', Properties: { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } } };

  it.each([
    ['an action with a wildcard', { Role: ROLE, P: may({ Action: ['s3:Get*'], Resource: 'arn:aws:s3:::b/k' }) }, /may s3:Get\*/],
    ['every action', { Role: ROLE, P: may({ Action: '*', Resource: 'arn:aws:s3:::b/k' }) }, /may \*/],
    ['a resource * that is not needed', { Role: ROLE, P: may({ Action: 's3:GetObject', Resource: '*' }) }, /s3:GetObject on \*/],
    [
      'all but something',
      { Role: ROLE, P: may({ NotAction: 's3:GetObject', Resource: 'arn:aws:s3:::b/k' }) },
      /what is not allowed/,
    ],
    [
      'a policy of AWS',
      { Role: { ...ROLE, Properties: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] } }, P: ONE },
      /managed policy/,
    ],
    ['a policy within it', { Role: { ...ROLE, Properties: { Policies: [{}] } }, P: ONE }, /within itself/],
    [
      'a policy for two',
      { Role: ROLE, P: may({ Action: 's3:GetObject', Resource: 'x' }, [{ Ref: 'Role' }, 'other']) },
      /share a policy/,
    ],
    ['two functions', { Role: ROLE, P: ONE, A: FUNCTION, B: FUNCTION }, /A and B share a role/],
    ['no policy', { Role: ROLE }, /may do nothing/],
  ])('would be refused with %s', (_what, Resources, problem) => {
    expect(roleProblems(Template.fromJSON({ Resources })).join('\n')).toMatch(problem);
    expect(roleProblems(Template.fromJSON({ Resources: { Role: ROLE, P: ONE, A: FUNCTION } }))).toEqual([]);
  });

  it('logs to its own log group only', () => {
    const streams = resourcesFor(pipeline, '<TrackJobRole>', 'logs:PutLogEvents');
    expect(streams).toEqual(['arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<TrackJobLogs>:log-stream:*']);
  });
});

describe('a stage', () => {
  it.each(STAGES)('%s writes its own folder and what it is there for, nothing else', (stage) => {
    expect(resourcesFor(pipeline, stageRole(stage), 's3:PutObject')).toEqual(
      [`<Experiments.Arn>/experiments/*/${stage}/*`, ...OWN_WRITES[stage]].sort(),
    );
  });

  it.each(STAGES)('%s reads its spec and folders of stages before it, never of later ones', (stage) => {
    const folders = resourcesFor(pipeline, stageRole(stage), 's3:GetObject')
      .map((resource) => /^<Experiments\.Arn>\/experiments\/\*\/([a-z]+)\/\*$/.exec(resource)?.[1])
      .filter((folder) => folder !== undefined);
    expect(resourcesFor(pipeline, stageRole(stage), 's3:GetObject')).toContain('<Experiments.Arn>/experiments/*/spec.json');
    expect(folders.every((folder) => STAGES.indexOf(folder as Stage) <= STAGES.indexOf(stage))).toBe(true);
  });

  it.each(STAGES)('%s publishes to our bus under the source of stages only', (stage) => {
    const [statement, ...others] = pipeline.filter(
      ({ role, actions }) => role === stageRole(stage) && actions.includes('events:PutEvents'),
    );
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      resources: ['<Bus.Arn>'],
      condition: { StringEquals: { 'events:source': 'spotforge.stage' } },
    });
  });

  it('lists only uploads, as ingest, allowed sources, and checkpoints, as train', () => {
    const lists = pipeline.filter(({ role, actions }) => role.startsWith('<Stage') && actions.includes('s3:ListBucket'));
    expect(lists.map(({ role, resources, condition }) => [role, resources, condition])).toEqual([
      ['<StageingestRole>', ['<Datasets.Arn>'], { StringLike: { 's3:prefix': ['uploads/*'] } }],
      ['<StageingestRole>', ['arn:<AWS::Partition>:s3:::partner-data'], { StringLike: { 's3:prefix': ['ratings/*'] } }],
      ['<StagetrainRole>', ['<Checkpoints.Arn>'], undefined],
    ]);
  });

  it('reads an allowed source under its prefix only', () => {
    expect(resourcesFor(pipeline, '<StageingestRole>', 's3:GetObject')).toContain(
      'arn:<AWS::Partition>:s3:::partner-data/ratings/*',
    );
  });

  it('deletes nothing but checkpoints, and nobody else anything but messages that were read and backups that are too old', () => {
    const deletes = all.filter(({ actions }) => actions.some((action) => /:Delete(?!Message$)/.test(action)));
    expect(deletes.map(({ role, actions, resources }) => ({ role, actions, resources }))).toEqual([
      {
        role: '<TableBackupRole>',
        actions: ['dynamodb:DeleteBackup', 'dynamodb:DescribeBackup'],
        resources: ['<Table.Arn>/backup/*'],
      },
      { role: '<StagetrainRole>', actions: ['s3:DeleteObject'], resources: ['<Checkpoints.Arn>/*'] },
    ]);
  });

  it('never calls Step Functions or Batch', () => {
    const services = pipeline
      .filter(({ role }) => role.startsWith('<Stage'))
      .flatMap(({ actions }) => actions.map((action) => action.split(':')[0]));
    expect([...new Set(services)].sort()).toEqual(['events', 's3']);
  });
});

describe('the state machine', () => {
  const own = (action: string): string[] => resourcesFor(pipeline, '<ExperimentRole>', action);

  it('submits exactly our definitions, any revision, to exactly our queues', () => {
    const submits = own('batch:SubmitJob');
    const definitions = submits.filter((resource) => resource.includes('job-definition/'));
    expect(definitions).toEqual(
      STAGES.map(
        (stage) => `arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job-definition/spotforge-${stage}:*`,
      ).sort(),
    );
    expect(submits.filter((resource) => !definitions.includes(resource))).toEqual(
      ['cpubenchmark', 'cpuondemand', 'cpuspot', 'gpuondemand', 'gpuspot', 'gpuspotany'].map(
        (queue) => `<${queue}Queue.JobQueueArn>`,
      ),
    );
  });

  it('calls its three functions and nothing else', () => {
    expect(own('lambda:InvokeFunction')).toEqual([
      '<ConfirmReleaseFunction.Arn>',
      '<RecordFailureFunction.Arn>',
      '<TakeModelVersionFunction.Arn>',
    ]);
    expect(new Set(actionsOf(pipeline, '<ExperimentRole>'))).toEqual(new Set(['batch:SubmitJob', 'lambda:InvokeFunction']));
  });
});

describe('the observers', () => {
  // The redrive is each of the others once more.
  const observers = ['<TrackJobRole>', '<TrackExecutionRole>', '<SuperviseExperimentsRole>', '<RedriveEventsRole>'];

  it.each(observers)('%s reports to our state machine only, and reads results and progress only', (role) => {
    expect(resourcesFor(pipeline, role, 'states:SendTaskSuccess')).toEqual(['<ExperimentStateMachine>']);
    expect(resourcesFor(pipeline, role, 'states:SendTaskFailure')).toEqual(['<ExperimentStateMachine>']);
    // What a redrive reads of a dataset's preparation is the preparation's own, not an experiment's.
    const read = resourcesFor(pipeline, role, 's3:GetObject').filter((arn) => !arn.startsWith('<Datasets.Arn>/dataset-prep'));
    expect(read).toEqual([
      '<Experiments.Arn>/experiments/*/progress.json',
      '<Experiments.Arn>/experiments/*/result.json',
      '<Experiments.Arn>/experiments/*/stacks.txt',
    ]);
    expect(resourcesFor(pipeline, role, 'batch:TerminateJob')).toEqual([
      'arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job/*',
    ]);
  });

  it('look at our queues, and take jobs out of them that wait, only in the supervisor', () => {
    for (const action of ['batch:GetJobQueueSnapshot', 'batch:DescribeComputeEnvironments', 'batch:CancelJob'])
      expect(all.filter(({ actions }) => actions.includes(action)).map(({ role }) => role)).toEqual([
        '<SuperviseExperimentsRole>',
      ]);
    const queues = resourcesFor(pipeline, '<SuperviseExperimentsRole>', 'batch:GetJobQueueSnapshot');
    expect(queues).toHaveLength(6);
    for (const queue of queues) expect(queue).toMatch(/^<(cpu|gpu)[a-z]+Queue\.JobQueueArn>$/);
  });

  it('start executions only from the supervisor, as the routes do that begin something', () => {
    const starters = all.filter(({ actions }) => actions.includes('states:StartExecution')).map(({ role }) => role);
    expect(starters.sort()).toEqual([
      '<CreateDatasetVersionRole>',
      '<CreateExperimentRole>',
      '<ResumeExperimentRole>',
      '<ScheduleRole>', // of rehearsals
      '<SpotCheckScheduleRole>',
      '<SuperviseExperimentsRole>',
    ]);
  });
});

describe('the API', () => {
  const api = statementsOf(templates.api);

  it('only reads in what only reads', () => {
    for (const role of ['<ListExperimentsRole>', '<GetExperimentRole>', '<ListEventsRole>', '<ListArtifactsRole>']) {
      const writes = actionsOf(api, role).filter(
        (action) => /:(Put|Update|Delete|Start|Stop|Send)/.test(action) && action !== 'logs:PutLogEvents',
      );
      expect(writes).toEqual([]);
    }
  });

  it('gives the open routes nothing but their log', () => {
    for (const role of ['<GetHealthRole>', '<RefuseUnknownRouteRole>']) {
      expect(actionsOf(api, role)).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    }
  });

  it('resumes by the names and sizes of what is stored: it reads specs and manifests, and writes to no bucket', () => {
    const own = (action: string): string[] => resourcesFor(api, '<ResumeExperimentRole>', action);
    expect(own('s3:GetObject')).toEqual([
      '<Experiments.Arn>/experiments/*/manifest.json',
      '<Experiments.Arn>/experiments/*/spec.json',
    ]);
    expect(own('s3:PutObject')).toEqual([]);
    const lists = api.filter(({ role, actions }) => role === '<ResumeExperimentRole>' && actions.includes('s3:ListBucket'));
    expect(lists.map(({ resources, condition }) => [resources, condition])).toEqual([
      [['<Experiments.Arn>'], { StringLike: { 's3:prefix': ['experiments/*', 'models/onnx/*'] } }],
      [['<Datasets.Arn>'], { StringLike: { 's3:prefix': ['raw/*', 'base-models/*', 'processed/*'] } }],
      [['<Releases.Arn>'], { StringLike: { 's3:prefix': ['bundles/*'] } }],
    ]);
    expect(own('states:StartExecution')).toEqual(['<ExperimentStateMachine>']);
  });

  it('lists artifacts by prefix only', () => {
    const lists = api.filter(({ role, actions }) => role === '<ListArtifactsRole>' && actions.includes('s3:ListBucket'));
    expect(lists).toHaveLength(3);
    for (const { condition } of lists) expect(condition).toHaveProperty('StringLike');
  });
});

function actionsOf(statements: Statement[], role: string): string[] {
  return statements.filter((statement) => statement.role === role).flatMap(({ actions }) => actions);
}
