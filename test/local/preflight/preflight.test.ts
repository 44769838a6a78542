import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAvailabilityZonesCommand, DescribeInstanceTypeOfferingsCommand } from '@aws-sdk/client-ec2';
import { DescribeImagesCommand } from '@aws-sdk/client-ecr';
import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { GetServiceQuotaCommand } from '@aws-sdk/client-service-quotas';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { resourcesOf } from '../../../local/deployment/template-resources.ts';
import { runCheck } from '../../../local/preflight/check.ts';
import { judgeIdentity } from '../../../local/preflight/checks/identity.ts';
import { checksOf } from '../../../local/preflight/checks-of.ts';
import type { Finding, Severity } from '../../../local/preflight/finding.ts';
import { needsOf } from '../../../local/preflight/needs.ts';
import { countsOf, findingLines } from '../../../local/preflight/report.ts';
import { aDeniedAccount, aNewAccount, aReadyAccount, aws } from './an-account.ts';
import { answer, refusal } from './documented.ts';

const CALLER = { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/DevAdmin' };
const PLACE = { region: 'us-east-1', profile: 'work' };
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const FUNCTIONS = 21;

const templates = (reserved: number) => ({
  pipeline: {
    Resources: Object.fromEntries(
      Array.from({ length: FUNCTIONS }, (_, index) => [
        `F${index}`,
        {
          Type: 'AWS::Lambda::Function',
          Properties: index === 0 && reserved > 0 ? { ReservedConcurrentExecutions: reserved } : {},
        },
      ]),
    ),
  },
});

const preflight = async (overrides: object = {}, reserved = 0): Promise<Finding[]> => {
  const bootstrap = { version: 6, parameter: '/cdk-bootstrap/hnb659fds/version', regions: [PLACE.region] };
  const deployment = parseDeployment({ gitSha: COMMIT, ...overrides });
  const needs = needsOf(deployment, resourcesOf(templates(reserved)), bootstrap);
  const answers = await Promise.all(checksOf(needs, PLACE, CALLER.account).map((check) => runCheck(check, CALLER)));
  return answers.flat();
};

/** The findings of a severity, each as one text with what to do. */
const texts = (findings: readonly Finding[], severity: Severity): string[] =>
  findings.filter((each) => each.severity === severity).map(({ says, todo }) => [says, ...todo].join('\n'));

beforeEach(aReadyAccount);

describe('an account in which nothing is missing', () => {
  it('is ready', async () => {
    const findings = await preflight();
    expect(findings.filter(({ severity }) => severity !== 'ok')).toEqual([]);
    expect(findingLines(findings).at(-1)).toBe('Ready to deploy.');
  });

  it('is asked for every page: types and roles of the last one count', async () => {
    const ok = texts(await preflight(), 'ok');
    expect(ok).toContainEqual(expect.stringMatching(/all \d+ types and families of the queues are offered/));
    expect(ok).toContain('4 service-linked roles are there');
    expect(aws.ec2.commandCalls(DescribeInstanceTypeOfferingsCommand)).toHaveLength(2);
  });

  it('is asked about families by a pattern, and about each type once', async () => {
    await preflight();
    const [call] = aws.ec2.commandCalls(DescribeInstanceTypeOfferingsCommand);
    const values = call?.args[0].input.Filters?.[0]?.Values ?? [];
    expect(values).toContain('g6e.*');
    expect(values).toContain('c6i.xlarge');
    expect(new Set(values).size).toBe(values.length);
  });
});

describe('a new account', () => {
  beforeEach(aNewAccount);

  it('lacks GPUs for training, and a bootstrap', async () => {
    const blocks = texts(await preflight(), 'blocks');
    expect(blocks).toHaveLength(3);
    expect(blocks[0]).toContain(
      'Running On-Demand G and VT instances (L-DB2E81BA): 0 vCPUs, too few for a single instance of gpu-on-demand, and no other queue is left for train.',
    );
    expect(blocks[0]).toContain(
      'aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-DB2E81BA --desired-value 16 --region us-east-1 --profile work',
    );
    expect(blocks[1]).toContain('All G and VT Spot Instance Requests (L-3819A6DF): 0 vCPUs');
    expect(blocks[1]).toContain('--quota-code L-3819A6DF --desired-value 32');
    expect(blocks[2]).toContain('us-east-1 is not bootstrapped');
    expect(blocks[2]).toContain('npx cdk bootstrap aws://123456789012/us-east-1 --profile work');
  });

  it('makes jobs wait at small quotas, at Lambda’s limit, and for the role of spot', async () => {
    const degrades = texts(await preflight(), 'degrades');
    expect(degrades).toEqual([
      expect.stringMatching(/L-1216C47A\): 5 vCPUs, but cpu-on-demand, cpu-benchmark may start 24: jobs beyond that wait/),
      expect.stringMatching(/L-34B43A08\): 5 vCPUs, but cpu-spot may start 32/),
      expect.stringMatching(
        /AWSServiceRoleForEC2Spot is missing[\s\S]*create-service-linked-role --aws-service-name spot\.amazonaws\.com/,
      ),
      expect.stringMatching(/10 invocations at a time[\s\S]*--service-code lambda --quota-code L-B99A9384/),
    ]);
  });

  it('gets the rest by itself, or after the first deploy', async () => {
    const notes = texts(await preflight(), 'note').join('\n');
    expect(notes).toContain('AWSServiceRoleForBatch is missing: Batch makes it');
    expect(notes).toContain('The repository spotforge/training comes with the first deploy');
    expect(notes).toContain(
      `npm run images -- training --registry 123456789012.dkr.ecr.us-east-1.amazonaws.com/spotforge --tag ${COMMIT} --push`,
    );
  });
});

describe('a quota', () => {
  const spotQuota = (Value: number): void => {
    const full = answer<{ Quota: object }>('service-quotas-get-service-quota', 'L-3819A6DF');
    aws.quotas.on(GetServiceQuotaCommand, { QuotaCode: 'L-3819A6DF' }).resolves({ Quota: { ...full.Quota, Value } });
  };

  it('of zero for spot only degrades: training goes on to the queue on demand', async () => {
    spotQuota(0);
    const findings = await preflight();
    expect(texts(findings, 'blocks')).toEqual([]);
    expect(texts(findings, 'degrades')[0]).toMatch(/too few for a single instance of gpu-spot, gpu-spot-any: their jobs go on/);
  });

  it.each([
    [4, 'degrades'],
    [31, 'degrades'],
    [32, 'ok'],
  ] as const)('of %d vCPUs for 32 wanted is %s', async (value, severity) => {
    spotQuota(value);
    expect(texts(await preflight(), severity).join('\n')).toContain(`L-3819A6DF): ${value} vCPUs`);
  });

  it('blocks where all rungs of a stage depend on it', async () => {
    spotQuota(0);
    const train = ['gpu-spot' as const];
    expect(texts(await preflight({ profiles: { default: { train } } }), 'blocks')[0]).toMatch(
      /L-3819A6DF[\s\S]*no other queue is left for train/,
    );
  });

  it('without a value is no zero', async () => {
    aws.quotas.on(GetServiceQuotaCommand).resolves({ Quota: {} });
    expect(texts(await preflight(), 'unchecked')[0]).toMatch(/^quotas for instances: .*without a value/);
  });
});

describe('zones and instance types', () => {
  it('block where the region has fewer zones than the network wants', async () => {
    aws.ec2.on(DescribeAvailabilityZonesCommand).resolves(answer('ec2-describe-availability-zones', 'two'));
    expect(texts(await preflight(), 'blocks')[0]).toContain('Set availabilityZones to 2.');
  });

  it('block where the region does not know a type, because Batch refuses the whole environment', async () => {
    const overrides = { queues: { 'cpu-benchmark': { instanceTypes: ['c7i.xlarge'] } } };
    expect(texts(await preflight(overrides), 'blocks')).toEqual([
      expect.stringMatching(
        /does not offer c7i\.xlarge: Batch refuses the environment of cpu-benchmark[\s\S]*Values=c7i\.xlarge/,
      ),
    ]);
  });

  it('block where no zone in use has what the only queue of a stage takes', async () => {
    // us-east-1b and -c alone offer CPU types; GPUs are in -b and -d.
    const findings = await preflight({ availabilityZones: 2 });
    expect(texts(findings, 'blocks')).toEqual([]);
    aws.ec2.on(DescribeAvailabilityZonesCommand).resolves({
      AvailabilityZones: [{ ZoneName: 'us-east-1d' }, { ZoneName: 'us-east-1e' }],
    });
    const blocks = texts(await preflight({ availabilityZones: 2 }), 'blocks').join('\n');
    expect(blocks).toContain('None of us-east-1d, us-east-1e offers any type of cpu-benchmark');
    expect(blocks).toContain('no other queue is left for benchmark');
  });

  it('are noted where only some zones lack a type', async () => {
    const offerings = answer<{ InstanceTypeOfferings: { InstanceType: string }[] }>(
      'ec2-describe-instance-type-offerings',
      'page 2',
    );
    aws.ec2.on(DescribeInstanceTypeOfferingsCommand, { NextToken: 'page-2' }).resolves({
      InstanceTypeOfferings: [
        ...offerings.InstanceTypeOfferings.filter(({ InstanceType }) => InstanceType !== 'g5.xlarge'),
        { InstanceType: 'g5.xlarge', Location: 'us-east-1f', LocationType: 'availability-zone' },
      ],
    } as object);
    expect(texts(await preflight(), 'note')[0]).toContain('offers g5; gpu-spot-any goes on with its other types');
  });
});

describe('Lambda', () => {
  it('blocks what reserves more than Lambda lets go', async () => {
    expect(texts(await preflight({}, 950), 'blocks')[0]).toMatch(/the deployment reserves 950: Lambda keeps 100 unreserved/);
  });

  it('that is asked too often is unchecked', async () => {
    aws.lambda.on(GetAccountSettingsCommand).rejects(refusal('lambda-get-account-settings', 'throttled'));
    expect(texts(await preflight(), 'unchecked')).toEqual([
      expect.stringMatching(/^Lambda concurrency: AWS was asked too often/),
    ]);
  });
});

describe('the bootstrap', () => {
  it('blocks when it is older than the stacks want', async () => {
    aws.ssm.on(GetParameterCommand).resolves(answer('ssm-get-parameter', 'old'));
    expect(texts(await preflight(), 'blocks')[0]).toMatch(/has version 5, but the stacks want 6\.\nnpx cdk bootstrap/);
  });

  it.each([
    ['broken', 'blocks', /CDKToolkit in us-east-1 is ROLLBACK_COMPLETE/],
    ['being updated', 'degrades', /wait until it is done/],
  ] as const)('whose stack is %s is found', async (name, severity, says) => {
    aws.cloudFormation.on(DescribeStacksCommand).resolves(answer('cloudformation-describe-stacks', name));
    expect(texts(await preflight(), severity)).toEqual([expect.stringMatching(says)]);
  });
});

describe('an image', () => {
  it('that is not in its repository blocks, and says how to push it', async () => {
    aws.ecr.on(DescribeImagesCommand, { repositoryName: 'spotforge/data' }).rejects(refusal('ecr-describe-images', 'no image'));
    const [blocks, ...others] = texts(await preflight(), 'blocks');
    expect(others).toEqual([]);
    expect(blocks).toMatch(/The image spotforge\/data:0123[\s\S]*npm run images -- data --registry/);
  });

  it('that is in an answer without images is not there', async () => {
    aws.ecr.on(DescribeImagesCommand).resolves(answer('ecr-describe-images', 'nothing'));
    expect(texts(await preflight(), 'blocks')).toHaveLength(3);
  });

  const external = { images: { data: { repository: '210987654321.dkr.ecr.eu-west-1.amazonaws.com/ml/data', tag: '7' } } };

  it.each([
    ['no image', /but the configuration pins it\. Push it, or change images\.data/],
    ['no repository', /which is not there, and no deploy will make it/],
  ])('of somebody else’s with %s blocks', async (name, says) => {
    aws.ecr.on(DescribeImagesCommand, { registryId: '210987654321' }).rejects(refusal('ecr-describe-images', name));
    expect(texts(await preflight(external), 'blocks')).toEqual([expect.stringMatching(says)]);
  });

  it('blocks when its repository should have been kept and is not there', async () => {
    aws.ecr.on(DescribeImagesCommand).rejects(refusal('ecr-describe-images', 'no repository'));
    const blocks = texts(await preflight({ existing: { repositories: true } }), 'blocks');
    expect(blocks[0]).toContain('existing.repositories says that spotforge/data is there already');
  });

  it('outside of ECR is not looked for, and said so', async () => {
    const findings = await preflight({ images: { data: { repository: 'ghcr.io/somebody/data', tag: '7' } } });
    expect(texts(findings, 'note')[0]).toContain('ghcr.io/somebody/data:7 is in another registry than ECR');
    expect(aws.ecr.commandCalls(DescribeImagesCommand)).toHaveLength(2);
  });
});

describe('somebody who may do nothing', () => {
  it('is told for every question which permission is missing, and never that it is ok', async () => {
    aDeniedAccount();
    const findings = await preflight();
    expect(countsOf(findings)).toEqual({ blocks: 0, degrades: 0, unchecked: 10, note: 0, ok: 0 });
    const said = texts(findings, 'unchecked').join('\n');
    for (const action of [
      'servicequotas:GetServiceQuota',
      'ec2:DescribeAvailabilityZones',
      'ec2:DescribeInstanceTypeOfferings',
      'iam:ListRoles',
      'lambda:GetAccountSettings',
      'ssm:GetParameter',
      'cloudformation:DescribeStacks',
      'ecr:DescribeImages',
    ])
      expect(said).toContain(action);
    expect(findingLines(findings).at(-1)).toBe('Nothing found that blocks, but 10 could not be checked.');
  });
});

describe('whoever asks', () => {
  it('is named, and warned of the root user', () => {
    expect(judgeIdentity(CALLER).map(({ severity }) => severity)).toEqual(['ok']);
    const { Account: account = '', Arn: arn = '' } = answer<{ Account?: string; Arn?: string }>(
      'sts-get-caller-identity',
      'root user',
    );
    expect(judgeIdentity({ account, arn }).map(({ severity }) => severity)).toEqual(['ok', 'note']);
  });
});

describe('the list of findings', () => {
  it('has the worst first, and below each what mends it', async () => {
    aNewAccount();
    const lines = findingLines(await preflight());
    const headings = lines.filter((line) => /^[A-Z]{2}/.test(line)).map((line) => line.split(':')[0]);
    expect(headings).toEqual(['BLOCKS', 'DEGRADES', 'GOOD TO KNOW', 'OK']);
    expect(lines.at(-1)).toBe('Not ready: 3 findings block, 4 degrade.');
    const at = lines.findIndex((line) => line.includes('L-DB2E81BA'));
    expect(lines[at + 1]).toMatch(/^ {6}aws service-quotas request-service-quota-increase/);
  });
});
