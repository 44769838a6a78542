import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchClient, DescribeJobQueuesCommand, RegisterJobDefinitionCommand, SubmitJobCommand } from '@aws-sdk/client-batch';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackResourceCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lostQueues } from '../../../local/changes/lost-queues.ts';
import { linesOf } from '../../../local/changes/report.ts';
import { changesOfAssembly } from '../../../local/changes/stack-changes.ts';
import type { Service } from '../../../local/tier/service.ts';
import { rememberedOrNew } from '../../../local/tier/tier-memory.ts';
import { endpointsOf, REGION, startServices } from '../../../local/tier/tier-services.ts';
import { anAssembly, aQueueStack, STACK } from './queue-stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'spotforge-changes-'));
const services: Service[] = [];
let clients: { cloudFormation: CloudFormationClient; batch: BatchClient; stepFunctions: SFNClient };

const compare = async (after = aQueueStack(), elsewhere: Record<string, string> = {}) => {
  const stacks = await changesOfAssembly(() => clients.cloudFormation, anAssembly({ [STACK]: after }, elsewhere));
  const lost = await lostQueues(clients, stacks);
  return { stacks, lost, lines: linesOf(stacks, lost) };
};

const queueArn = async (name: string): Promise<string> => {
  const { jobQueues = [] } = await clients.batch.send(new DescribeJobQueuesCommand({ jobQueues: [name] }));
  return String(jobQueues[0]?.jobQueueArn);
};

const startExecution = async (input: object): Promise<void> => {
  const described = await clients.cloudFormation.send(
    new DescribeStackResourceCommand({ StackName: STACK, LogicalResourceId: 'Machine' }),
  );
  const stateMachineArn = described.StackResourceDetail?.PhysicalResourceId;
  await clients.stepFunctions.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
};

beforeAll(async () => {
  const memory = await rememberedOrNew(folder, undefined);
  await startServices(folder, memory, { images: {} }, 1, services);
  const options = {
    endpoint: endpointsOf(memory).emulator,
    region: REGION,
    credentials: { accessKeyId: memory.rootAccessKeyId, secretAccessKey: memory.rootSecretAccessKey },
  };
  clients = {
    cloudFormation: new CloudFormationClient(options),
    batch: new BatchClient(options),
    stepFunctions: new SFNClient(options),
  };
});

afterAll(async () => {
  for (const service of services.toReversed()) await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('what a deployment would change', () => {
  it('is everything where nothing is deployed', async () => {
    const { stacks, lines, lost } = await compare();
    expect(stacks[0]?.deployed).toBeUndefined();
    expect(lines).toEqual([`${STACK}: new, 5 resources`]);
    expect(lost).toEqual([]);
  });

  describe('of a stack that is deployed', () => {
    beforeAll(async () => {
      const { cloudFormation } = clients;
      const TemplateBody = JSON.stringify(aQueueStack());
      await cloudFormation.send(new CreateStackCommand({ StackName: STACK, TemplateBody, Capabilities: ['CAPABILITY_IAM'] }));
      await waitUntilStackCreateComplete({ client: cloudFormation, maxWaitTime: 60, minDelay: 0.2 }, { StackName: STACK });
    });

    it('is nothing without a change', async () => {
      expect((await compare()).lines).toEqual([`${STACK}: as it is`]);
    });

    it('is in place for a larger environment, and no queue goes', async () => {
      const { lines, lost } = await compare(aQueueStack({ maxvCpus: 8 }));
      expect(lines).toEqual([`${STACK}: 0 added, 1 updated in place, 0 otherwise`]);
      expect(lost).toEqual([]);
    });

    it('is no loss when a queue that is renamed is empty', async () => {
      const { lines, lost } = await compare(aQueueStack({ spot: 'kiln-renamed' }));
      expect(lost).toEqual([{ queue: 'kiln-spot', jobs: 0, executions: 0 }]);
      expect(lines.at(-1)).toContain('queue kiln-spot would be deleted; it is empty');
    });

    describe('with jobs in a queue and experiments pinned to it', () => {
      beforeAll(async () => {
        const { batch } = clients;
        const jobDefinitionName = 'kiln-job';
        // More than the environment may ever have: it stays at the head of its queue.
        const resourceRequirements = [
          { type: 'VCPU' as const, value: '64' },
          { type: 'MEMORY' as const, value: '512' },
        ];
        const containerProperties = { image: 'kiln', command: ['true'], resourceRequirements };
        await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, type: 'container', containerProperties }));
        const submit = { jobQueue: 'kiln-spot', jobDefinition: jobDefinitionName };
        const { jobId } = await batch.send(new SubmitJobCommand({ ...submit, jobName: 'head' }));
        await batch.send(new SubmitJobCommand({ ...submit, jobName: 'next', dependsOn: [{ jobId }] }));
        await batch.send(new SubmitJobCommand({ ...submit, jobName: 'elsewhere', jobQueue: 'kiln-other' }));

        const [spot, other] = [await queueArn('kiln-spot'), await queueArn('kiln-other')];
        await startExecution({ queues: { train: [spot, other] } });
        await startExecution({ queues: { train: [other] } });
      });

      it('is the loss of those jobs and those experiments, and of no others', async () => {
        const { lines, lost, stacks } = await compare(aQueueStack({ spot: 'kiln-renamed' }));
        expect(stacks[0]?.changes).toEqual([
          {
            logicalId: 'SpotQueue',
            type: 'AWS::Batch::JobQueue',
            effect: 'replaced',
            because: 'JobQueueName cannot change in place',
          },
        ]);
        expect(lost).toEqual([{ queue: 'kiln-spot', jobs: 2, executions: 1 }]);
        expect(lines.at(-1)).toMatch(
          /^STOP: queue kiln-spot would be deleted\. Jobs in it that would end: 2\. Running experiments pinned to it that would fail: 1\./,
        );
      });

      it('counts a queue that is taken out of the template', async () => {
        const { SpotQueue: _gone, ...rest } = aQueueStack().Resources;
        const { lost } = await compare({ Resources: rest });
        expect(lost).toEqual([{ queue: 'kiln-spot', jobs: 2, executions: 1 }]);
      });
    });
  });
});
