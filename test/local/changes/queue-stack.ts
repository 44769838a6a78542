import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from '../../../local/changes/template-changes.ts';

export const STACK = 'kiln-compute';

const SUBNETS = { Subnets: ['subnet-1'], SecurityGroupIds: ['sg-1'], InstanceRole: 'ecsInstanceRole' };

/** A deployment in small: two queues on one environment, and a state machine that waits. */
export const aQueueStack = ({ spot = 'kiln-spot', maxvCpus = 4 } = {}): Template => ({
  Resources: {
    Environment: {
      Type: 'AWS::Batch::ComputeEnvironment',
      Properties: {
        Type: 'MANAGED',
        State: 'ENABLED',
        ReplaceComputeEnvironment: false,
        ComputeResources: { Type: 'SPOT', MinvCpus: 0, MaxvCpus: maxvCpus, InstanceTypes: ['m6i.large'], ...SUBNETS },
      },
    },
    ...Object.fromEntries(
      [
        ['SpotQueue', spot],
        ['OtherQueue', 'kiln-other'],
      ].map(([id, JobQueueName]) => [
        id,
        {
          Type: 'AWS::Batch::JobQueue',
          Properties: {
            JobQueueName,
            Priority: 1,
            State: 'ENABLED',
            ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: { Ref: 'Environment' } }],
          },
        },
      ]),
    ),
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'states.amazonaws.com' } }],
        },
      },
    },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        DefinitionString: JSON.stringify({
          StartAt: 'Hold',
          States: { Hold: { Type: 'Wait', Seconds: 3600, Next: 'Done' }, Done: { Type: 'Succeed' } },
        }),
        RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
    },
  },
});

const stack = (templateFile: string, region = 'unknown-region') => ({
  type: 'aws:cloudformation:stack',
  environment: `aws://unknown-account/${region}`,
  properties: { templateFile },
});

/** A folder as `cdk synth` leaves it; `elsewhere` is a stack for a second region. */
export const anAssembly = (templates: Record<string, Template>, elsewhere: Record<string, string> = {}): string => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-assembly-'));
  const file = (name: string): string => `${name}.template.json`;
  for (const [name, template] of Object.entries(templates)) writeFileSync(join(folder, file(name)), JSON.stringify(template));
  const stacks = Object.keys(templates).map((name) => [name, stack(file(name), elsewhere[name])]);
  const assets = { type: 'cdk:asset-manifest', properties: { file: 'a.assets.json' } };
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ artifacts: { ...Object.fromEntries(stacks), 'a.assets': assets, Tree: { type: 'cdk:tree' } } }),
  );
  return folder;
};
