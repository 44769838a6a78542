import { describe, expect, it } from 'vitest';
import { type Call, type Denial, isAllowed } from '../../policies/is-allowed.ts';
import { EVERY_SWITCH, THE_OTHER_WAY } from '../every-switch.ts';
import { statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const { inference, storage } = synthesise(EVERY_SWITCH).templates;
if (!inference) throw new Error('the inference stack is missing');
const all = statementsOf(inference);
const of = (role: string) => all.filter((statement) => statement.role === `<acmesentiment${role}>`);
const [server, execution, balancing] = ['ServerRole', 'ExecutionRole', 'BalancingRole'].map(of) as [
  typeof all,
  typeof all,
  typeof all,
];
const RELEASES = '<Releases.Arn>';

type BucketStatement = {
  Effect: string;
  Action: unknown;
  Resource?: unknown;
  NotResource?: unknown;
  Condition?: Denial['condition'];
};
const listed = (value: unknown): string[] => [value].flat().map(asText);

/** What the policy of the releases bucket refuses everybody. */
const denials: Denial[] = resourcesOf(storage, 'AWS::S3::BucketPolicy')
  .filter(([id]) => id.startsWith('Releases'))
  .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: BucketStatement[] }).Statement)
  .filter(({ Effect, Action }) => Effect === 'Deny' && Action === 's3:PutObject')
  .map(({ Action, Resource, NotResource, Condition = {} }) => ({
    actions: listed(Action),
    ...(Resource === undefined ? { notResources: listed(NotResource) } : { resources: listed(Resource) }),
    condition: Condition,
  }));

const put = (key: string, headers: Record<string, string> = {}): Call => ({
  action: 's3:PutObject',
  on: `${RELEASES}/${key}`,
  says: { 's3:ObjectCreationOperation': 'true', ...headers },
});
const get = (key: string, bucket = RELEASES): Call => ({ action: 's3:GetObject', on: `${bucket}/${key}` });
const list = (prefix?: string): Call => ({
  action: 's3:ListBucket',
  on: RELEASES,
  ...(prefix !== undefined && { says: { 's3:prefix': prefix } }),
});
const tell = (source: string, on: string): Call => ({ action: 'events:PutEvents', on, says: { 'events:source': source } });
const BUS = server.filter(({ actions }) => actions.includes('events:PutEvents')).flatMap(({ resources }) => resources);
const STATE = 'serving/acme/sentiment/desired.json';
const SEEN = { 's3:if-match': '"0123456789abcdef"' };
const ABSENT = { 's3:if-none-match': '*' };

describe('a server', () => {
  it.each<[string, Call]>([
    ['reads a version of its model', get('bundles/acme/sentiment/7/model.onnx')],
    ['lists the versions of its model', list('bundles/acme/sentiment/')],
    ['looks whether there is a desired state', list(STATE)],
    ['reads the desired state', get(STATE)],
    ['makes the desired state where there is none', put(STATE, ABSENT)],
    ['changes the desired state that it has seen', put(STATE, SEEN)],
    ['tells the bus what it answered', tell('spotforge.inference', String(BUS[0]))],
  ])('%s', (_what, call) => {
    expect(isAllowed(server, call, denials)).toBe(true);
  });

  it.each<[string, Call]>([
    ['changes the desired state without having seen it', put(STATE)],
    ['changes a bundle of its model', put('bundles/acme/sentiment/7/model.onnx', ABSENT)],
    ['deletes the desired state', { action: 's3:DeleteObject', on: `${RELEASES}/${STATE}` }],
    ['reads another model of the tenant', get('bundles/acme/product-photos/1/bundle.json')],
    ['reads a model whose name begins alike', get('bundles/acme/sentiment-2/1/bundle.json')],
    ['reads a model of another tenant', get('bundles/globex/sentiment/1/bundle.json')],
    ['changes the desired state of another model', put('serving/acme/product-photos/desired.json', SEEN)],
    ['reads the desired state of another tenant', get('serving/globex/sentiment/desired.json')],
    ['lists another model', list('bundles/acme/')],
    ['lists everything', list()],
    ['reads what it was made from', get('experiments/exp_1/spec.json', '<Experiments.Arn>')],
    ['speaks for a stage', tell('spotforge.stage', String(BUS[0]))],
    ['speaks for experiments', tell('spotforge.experiments', String(BUS[0]))],
    ['speaks on another bus', tell('spotforge.inference', String(BUS[0]).replace(/[^/]*$/, 'default'))],
    ['reads the token of promotions', { action: 'secretsmanager:GetSecretValue', on: '<acmesentimentAdminTokenSecret>' }],
    ['takes part in the table', { action: 'dynamodb:GetItem', on: '<Table.Arn>' }],
    ['starts a job', { action: 'batch:SubmitJob', on: '<gpuspotQueue.JobQueueArn>' }],
    ['opens a shell', { action: 'ssmmessages:CreateControlChannel', on: '*' }],
  ])('never %s', (_what, call) => {
    expect(isAllowed(server, call, denials)).toBe(false);
  });

  it('has one bus, and uses the customer key through S3 alone', () => {
    expect(BUS).toEqual(['arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/full-acme']);
    const other = synthesise(THE_OTHER_WAY).templates.inference;
    const keyed = other ? statementsOf(other).filter(({ actions }) => actions.some((action) => action.startsWith('kms:'))) : [];
    expect(keyed.map(({ role, condition }) => [role, JSON.stringify(condition)])).toEqual([
      ['<acmesentimentServerRole>', expect.stringContaining('kms:ViaService')],
    ]);
  });
});

describe('everybody', () => {
  const everything = [{ role: 'x', actions: ['s3:PutObject'], resources: ['*'], condition: undefined }];

  it('is refused to overwrite a release, and to change a desired state unseen', () => {
    expect(isAllowed(everything, put('bundles/acme/sentiment/7/model.onnx', SEEN), denials)).toBe(false);
    expect(isAllowed(everything, put('bundles/acme/sentiment/7/model.onnx', ABSENT), denials)).toBe(true);
    expect(isAllowed(everything, put(STATE), denials)).toBe(false);
    expect(isAllowed(everything, put(STATE, SEEN), denials)).toBe(true);
  });

  it('keeps releases written once, all of them, where nothing is served', () => {
    const usual = resourcesOf(synthesise().templates.storage, 'AWS::S3::BucketPolicy').find(([id]) => id.startsWith('Releases'));
    expect(JSON.stringify(usual)).toContain('"Sid":"WriteOnce"');
    expect(JSON.stringify(usual)).not.toMatch(/WriteCompared|NotResource/);
  });
});

describe('Fargate, for a server', () => {
  it('pulls the one image, takes the one token and writes the one log', () => {
    const allowed = execution.flatMap(({ actions, resources }) => actions.map((action) => [action, resources] as const));
    expect(Object.fromEntries(allowed)).toEqual({
      'ecr:GetAuthorizationToken': ['*'],
      'ecr:BatchCheckLayerAvailability': ['<InferenceImages.Arn>'],
      'ecr:BatchGetImage': ['<InferenceImages.Arn>'],
      'ecr:GetDownloadUrlForLayer': ['<InferenceImages.Arn>'],
      'secretsmanager:GetSecretValue': ['<acmesentimentAdminTokenSecret>'],
      'logs:CreateLogStream': [expect.stringMatching(/:log-group:<acmesentimentTaskLogs>:log-stream:\*$/)],
      'logs:PutLogEvents': [expect.stringMatching(/:log-group:<acmesentimentTaskLogs>:log-stream:\*$/)],
    });
  });
});

describe('ECS, for a deployment', () => {
  it('registers servers with the two groups of this model and moves this rule, no default rule and no other balancer', () => {
    const changes = balancing
      .filter(({ actions }) => !actions.every((action) => action.includes(':Describe')))
      .flatMap(({ actions, resources }) => actions.map((action) => [action, resources] as const));
    const GROUPS = ['<acmesentimentBalancerBlue>', '<acmesentimentBalancerGreen>'];
    expect(Object.fromEntries(changes)).toEqual({
      'elasticloadbalancing:DeregisterTargets': GROUPS,
      'elasticloadbalancing:RegisterTargets': GROUPS,
      'elasticloadbalancing:ModifyRule': ['<acmesentimentBalancerProduction>'],
    });
  });

  it('is the service of ECS, and a server is none', () => {
    const trusted = resourcesOf(inference, 'AWS::IAM::Role')
      .filter(([id]) => id.startsWith('acmesentiment'))
      .map(([id, { Properties }]) => [
        id.replace(/[0-9A-F]{8}$/, ''),
        /"Service":"([a-z.-]+)"/.exec(JSON.stringify(Properties.AssumeRolePolicyDocument))?.[1],
      ]);
    expect(Object.fromEntries(trusted)).toEqual({
      acmesentimentServerRole: 'ecs-tasks.amazonaws.com',
      acmesentimentExecutionRole: 'ecs-tasks.amazonaws.com',
      acmesentimentBalancingRole: 'ecs.amazonaws.com',
    });
  });
});

describe('the evaluation of policies', () => {
  const one = (resource: string, condition?: unknown) => [
    { role: 'x', actions: ['s3:GetObject'], resources: [resource], condition },
  ];

  it('allows what a pattern covers, and nothing whose name has a character of a regular expression in its place', () => {
    expect(isAllowed(one('arn:aws:s3:::b/a/*'), { action: 's3:GetObject', on: 'arn:aws:s3:::b/a/deep/er' })).toBe(true);
    expect(isAllowed(one('arn:aws:s3:::b/a/*'), { action: 's3:GetObject', on: 'arn:aws:s3:::b/ab' })).toBe(false);
    expect(isAllowed(one('a.b'), { action: 's3:GetObject', on: 'axb' })).toBe(false);
  });

  it('refuses a condition that it does not know rather than guessing', () => {
    const odd = one('*', { DateLessThan: { 'aws:CurrentTime': '2030' } });
    expect(() => isAllowed(odd, { action: 's3:GetObject', on: 'arn:aws:s3:::b/a/b' })).toThrow(/DateLessThan/);
  });
});
