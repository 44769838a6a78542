import { describe, expect, it } from 'vitest';
import { readEnv } from '../../../functions/shared/env.ts';
import { assertConsistent } from '../../../lib/config/consistency.ts';
import type { DeploymentInput } from '../../../lib/config/deployment.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { resourcesFor, statementsOf } from '../policy-statements.ts';
import { asText, resourcesOf, synthesise } from '../synthesised.ts';

const off = synthesise().templates;
const on = synthesise({ benchmarkOnGraviton: true }).templates; // with cdk-nag
const ARM = 'spotforge-cpu-benchmark-arm';

type Properties = Record<string, unknown>;
const propertiesOf = (template: typeof on.compute, type: string): Properties[] =>
  resourcesOf(template, type).map(([, { Properties }]) => Properties);
const stringify = (template: typeof on.compute): string => JSON.stringify(template.toJSON());

describe('a benchmark on Graviton', () => {
  it('is not there unless switched on: no queue, no definition, nothing that names one', () => {
    for (const template of Object.values(off)) {
      expect(stringify(template)).not.toMatch(/-arm\b|c6g|PROFILE_VARIANTS/);
    }
  });

  it('is a seventh environment, on demand, of one small Arm instance, and changes nothing of the six', () => {
    const [before, after] = [off, on].map(({ compute }) => propertiesOf(compute, 'AWS::Batch::ComputeEnvironment'));
    expect(after?.slice(0, 6)).toEqual(before);
    expect(after).toHaveLength(7);
    expect(after?.[6]?.ComputeResources).toMatchObject({
      Type: 'EC2',
      AllocationStrategy: 'BEST_FIT_PROGRESSIVE',
      InstanceTypes: ['c6g.large'],
      MinvCpus: 0,
      Ec2Configuration: [{ ImageType: 'ECS_AL2023' }], // Batch takes the AMI of the instance types' architecture
    });
    expect(propertiesOf(on.compute, 'AWS::Batch::JobQueue').map(({ JobQueueName }) => JobQueueName)[6]).toBe(ARM);
  });

  it('runs the same image, argv and role in the size of its instance', () => {
    const definitions = propertiesOf(on.pipeline, 'AWS::Batch::JobDefinition');
    expect(definitions).toHaveLength(10);
    const named = (name: string) => definitions.find(({ JobDefinitionName }) => JobDefinitionName === name)?.ContainerProperties;
    const { ResourceRequirements: size, ...arm } = named('spotforge-benchmark-arm') as Properties;
    const { ResourceRequirements: _, ...x86 } = named('spotforge-benchmark') as Properties;
    expect(arm).toEqual(x86);
    expect(size).toEqual([
      { Type: 'VCPU', Value: '2' },
      { Type: 'MEMORY', Value: '3600' },
    ]);
  });

  it('is chosen by the profile graviton, which is the default one but for that', () => {
    const functions = propertiesOf(on.pipeline, 'AWS::Lambda::Function');
    const variables = functions
      .map(({ Environment }) => (Environment as { Variables: Properties }).Variables)
      .filter((each) => 'PROFILE_VARIANTS' in each);
    expect(variables).toHaveLength(1);
    const text = asText(variables[0]?.PROFILE_VARIANTS).replaceAll(/<[^>]+>/g, (reference) =>
      reference.includes('Definition')
        ? 'arn:aws:batch:eu-central-1:1:job-definition/b:1'
        : 'arn:aws:batch:eu-central-1:1:job-queue/q',
    );
    expect(readEnv(['PROFILE_VARIANTS'], { PROFILE_VARIANTS: text }).PROFILE_VARIANTS).toEqual({
      graviton: {
        ladders: { benchmark: ['arn:aws:batch:eu-central-1:1:job-queue/q'] },
        jobDefinitions: { benchmark: 'arn:aws:batch:eu-central-1:1:job-definition/b:1' },
      },
    });
  });

  it('may be submitted and is watched like every other job', () => {
    const submits = resourcesFor(statementsOf(on.pipeline), '<ExperimentRole>', 'batch:SubmitJob');
    const extra = submits.filter(
      (resource) => !resourcesFor(statementsOf(off.pipeline), '<ExperimentRole>', 'batch:SubmitJob').includes(resource),
    );
    expect(extra).toEqual([
      '<cpubenchmarkarmQueue.JobQueueArn>',
      'arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job-definition/spotforge-benchmark-arm:*',
    ]);
    const rule = propertiesOf(on.pipeline, 'AWS::Events::Rule').find(({ Name }) => Name === 'spotforge-job-state-changed');
    expect(JSON.stringify(rule?.EventPattern)).toContain('cpubenchmarkarmQueue');
  });
});

describe('instances of another architecture', () => {
  const refused = (overrides: DeploymentInput, says: RegExp) =>
    expect(() => assertConsistent(parseDeployment(overrides))).toThrow(says);

  it('are refused where the other one is needed', () => {
    refused(
      { queues: { 'cpu-spot': { instanceTypes: ['m6g.large'] } } },
      /queues\.cpu-spot\.instanceTypes names m6g\.large, which is an Arm instance/,
    );
    refused(
      { benchmarkOnGraviton: true, queues: { 'cpu-benchmark-arm': { instanceTypes: ['c6i.large'] } } },
      /queues\.cpu-benchmark-arm\.instanceTypes names c6i\.large, which is not an Arm instance/,
    );
  });

  it('are refused when too small for the benchmark, as the family is, which brings its smallest along', () => {
    refused(
      { benchmarkOnGraviton: true, queues: { 'cpu-benchmark-arm': { instanceTypes: ['c6g'] } } },
      /the benchmark on Graviton asks for 2 vCPUs .* c6g in queues\.cpu-benchmark-arm\.instanceTypes may be an instance of 1 vCPUs, 1843 MiB/,
    );
  });

  it('are no matter while the switch is off', () => {
    const small = { queues: { 'cpu-benchmark-arm': { instanceTypes: ['c6g'] } } };
    expect(() => assertConsistent(parseDeployment(small))).not.toThrow();
  });

  it('leave the name of their profile to no other', () => {
    const { profiles } = parseDeployment({});
    refused(
      { benchmarkOnGraviton: true, profiles: { ...profiles, graviton: profiles.default } },
      /profiles\.graviton is the name/,
    );
  });
});
