import { describe, expect, it } from 'vitest';
import type { DeploymentInput } from '../../../lib/config/deployment.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { resourcesOf, templatesBelow } from '../../../local/deployment/template-resources.ts';
import { bootstrapNeed, needsOf } from '../../../local/preflight/needs.ts';
import { assemblyStacks } from '../../../local/tier/assembly-stacks.ts';
import { COMMIT, synthesise } from '../../lib/synthesised.ts';

const needsFor = (overrides: DeploymentInput = {}, folder = synthesise(overrides).folder) =>
  needsOf(
    parseDeployment({ gitSha: COMMIT, ...overrides }),
    resourcesOf(templatesBelow(folder)),
    bootstrapNeed(assemblyStacks(folder), 'us-east-1'),
  );

describe('what a deployment wants of an account', () => {
  const { folder } = synthesise({ replication: { region: 'eu-west-1' } });
  const needs = needsFor({ replication: { region: 'eu-west-1' } }, folder);

  it('is counted from its stacks and its configuration', () => {
    expect(needs.lambda.functions).toBeGreaterThan(10);
    expect(needs.zones).toBe(3);
    expect(needs.queues.map(({ name }) => name)).toEqual([
      'gpu-spot',
      'gpu-spot-any',
      'gpu-on-demand',
      'cpu-spot',
      'cpu-on-demand',
      'cpu-benchmark',
    ]);
    expect(needs.queues[0]).toMatchObject({ pricing: 'spot', maxvCpus: 16, leastvCpus: 4 });
    expect(needs.ladders.train).toEqual(['gpu-spot', 'gpu-spot-any', 'gpu-on-demand']);
  });

  it('is a bootstrap in each region that a stack goes to', () => {
    expect(needs.bootstrap).toEqual({
      version: 6,
      parameter: '/cdk-bootstrap/hnb659fds/version',
      regions: ['us-east-1', 'eu-west-1'],
    });
  });

  it('is an image of the commit in each repository that it makes', () => {
    expect(needs.images[1]).toEqual({
      image: 'training',
      own: true,
      kept: false,
      uri: 'spotforge/training',
      ecr: { repository: 'spotforge/training' },
      id: { imageTag: COMMIT },
    });
  });
});

describe('an image that the configuration names', () => {
  const imageOf = (data: object) =>
    needsOf(parseDeployment({ images: { data } }), resourcesOf({}), { version: 6, parameter: '', regions: [] }).images[0];

  it('is looked for in the registry and region of its repository', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(imageOf({ repository: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/ml/data', digest })).toMatchObject({
      own: false,
      ecr: { account: '123456789012', region: 'eu-west-1', repository: 'ml/data' },
      id: { imageDigest: digest },
    });
  });

  it('is not looked for outside of ECR', () => {
    expect(imageOf({ repository: 'ghcr.io/somebody/data', tag: '1' })).toMatchObject({ own: false, ecr: undefined });
  });
});
