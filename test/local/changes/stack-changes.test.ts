import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { answered } from '../../../local/changes/answered.ts';
import { changesOfAssembly } from '../../../local/changes/stack-changes.ts';
import { TierFailure } from '../../../local/tier/tier-failure.ts';
import { refusal } from '../preflight/documented.ts';
import { anAssembly, aQueueStack, STACK } from './queue-stack.ts';

const cloudFormation = mockClient(CloudFormationClient);
beforeEach(() => void cloudFormation.reset());

const compare = (assembly = anAssembly({ [STACK]: aQueueStack() }), regions: (string | undefined)[] = []) =>
  changesOfAssembly((region) => {
    regions.push(region);
    return new CloudFormationClient({ region: 'us-east-1' });
  }, assembly);

describe('the stacks of an assembly', () => {
  it('are each compared in the region that they go to', async () => {
    cloudFormation.on(GetTemplateCommand).rejects(refusal('cloudformation-describe-stacks', 'missing'));
    const regions: (string | undefined)[] = [];
    const assembly = anAssembly({ [STACK]: aQueueStack(), replica: aQueueStack() }, { replica: 'eu-west-1' });
    const stacks = await compare(assembly, regions);
    expect(stacks.map(({ stack, region, deployed }) => [stack, region, deployed])).toEqual([
      [STACK, undefined, undefined],
      ['replica', 'eu-west-1', undefined],
    ]);
    expect(regions).toEqual([undefined, 'eu-west-1']);
  });

  it('are asked for as they were written, not as CloudFormation expanded them', async () => {
    cloudFormation.on(GetTemplateCommand).resolves({ TemplateBody: JSON.stringify(aQueueStack()) });
    await compare();
    expect(cloudFormation.commandCalls(GetTemplateCommand)[0]?.args[0].input).toEqual({
      StackName: STACK,
      TemplateStage: 'Original',
    });
  });

  it('are left alone when one of that name comes from elsewhere', async () => {
    cloudFormation.on(GetTemplateCommand).resolves({ TemplateBody: 'Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n' });
    await expect(compare()).rejects.toThrow(`The stack ${STACK} was not deployed by the CDK`);
  });
});

describe('a question that AWS does not answer', () => {
  it('ends the comparison in one sentence', async () => {
    cloudFormation.on(GetTemplateCommand).rejects(refusal('cloudformation-describe-stacks', 'denied'));
    await expect(answered(compare())).rejects.toThrow(TierFailure);
    await expect(answered(compare())).rejects.toThrow(/would have a hole \(AccessDenied: User: arn/);
  });

  it('is not what a defect of ours looks like', async () => {
    const defect = new TypeError('undefined is not a function');
    await expect(answered(Promise.reject(defect))).rejects.toBe(defect);
  });
});
