import { describe, expect, it } from 'vitest';
import { STAGE_ENV, STAGES } from '../../../functions/shared/contracts/names.ts';
import { resourcesOf, synthesise } from '../synthesised.ts';

const LARGE = { instanceTypes: ['g6.12xlarge', 'g5.12xlarge'], maxvCpus: 96 };
// What docs/compute.md tells to write: four GPUs of one host, on the same ladder.
const four = synthesise({
  queues: { 'gpu-spot': LARGE, 'gpu-spot-any': LARGE, 'gpu-on-demand': { ...LARGE, instanceTypes: ['g6.12xlarge'] } },
  stages: { train: { gpus: 4, vcpus: 46, memoryMiB: 172_000, sharedMemoryMiB: 16_384 } },
}).templates;
const one = synthesise().templates;

type Container = {
  Environment: { Name: string; Value: unknown }[];
  ResourceRequirements: { Type: string; Value: string }[];
  LinuxParameters: { SharedMemorySize: number };
};
const trainOf = ({ pipeline }: typeof four): Container => {
  const definitions = resourcesOf(pipeline, 'AWS::Batch::JobDefinition').map(([, { Properties }]) => Properties);
  return definitions[STAGES.indexOf('train')]?.ContainerProperties as Container;
};
const processesOf = ({ Environment }: Container) => Environment.find(({ Name }) => Name === STAGE_ENV.processes)?.Value;

describe('training on several GPUs of one host', () => {
  it('is as many processes as the definition has GPUs, whatever the machine has', () => {
    expect(processesOf(trainOf(four))).toBe('4');
    expect(processesOf(trainOf(one))).toBe('1');
  });

  it('asks for a whole g6.12xlarge', () => {
    const { ResourceRequirements, LinuxParameters } = trainOf(four);
    expect(ResourceRequirements).toEqual([
      { Type: 'VCPU', Value: '46' },
      { Type: 'MEMORY', Value: '172000' },
      { Type: 'GPU', Value: '4' },
    ]);
    expect(LinuxParameters.SharedMemorySize).toBe(16_384);
  });

  it('is the same ladder, definitions and roles otherwise', () => {
    const text = (template: typeof four.pipeline) => JSON.stringify(template.toJSON());
    const { ResourceRequirements, LinuxParameters, Environment, ...others } = trainOf(four);
    expect(trainOf(one)).toMatchObject(others);
    // What a rung cannot compute in follows from its families, which are others.
    const made = ({ pipeline }: typeof four, type: string) =>
      JSON.stringify(pipeline.findResources(type), (key, value) => (key === 'PRECISION_LIMITS' ? undefined : value));
    for (const type of ['AWS::IAM::Policy', 'AWS::StepFunctions::StateMachine', 'AWS::Lambda::Function'])
      expect(made(four, type)).toBe(made(one, type));
    expect(text(four.api)).toBe(text(one.api));
  });
});
