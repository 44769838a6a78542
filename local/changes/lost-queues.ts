import { type BatchClient, DescribeJobQueuesCommand, ListJobsCommand } from '@aws-sdk/client-batch';
import { type CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeExecutionCommand, ListExecutionsCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { StackChanges } from './stack-changes.ts';

/** A job queue that a deployment would delete, and whom that would hit. */
export type LostQueue = { queue: string; jobs: number; executions: number };

export type Clients = { cloudFormation: CloudFormationClient; batch: BatchClient; stepFunctions: SFNClient };

const ALIVE = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING'] as const;

/** Every queue that goes, with the jobs in it and the executions that are pinned to it and may send more. */
export const lostQueues = async (clients: Clients, stacks: readonly StackChanges[]): Promise<LostQueue[]> => {
  const queues = stacks.flatMap(({ deployed, changes }) =>
    changes
      .filter(({ type, effect }) => type === 'AWS::Batch::JobQueue' && (effect === 'removed' || effect === 'replaced'))
      .map(({ logicalId }) => String(deployed?.Resources[logicalId]?.Properties?.JobQueueName)),
  );
  if (queues.length === 0) return [];
  const inputs = await runningInputs(clients, stacks);
  const { jobQueues = [] } = await clients.batch.send(new DescribeJobQueuesCommand({ jobQueues: queues }));
  return Promise.all(
    jobQueues.map(async ({ jobQueueName: queue = '', jobQueueArn = '' }) => ({
      queue,
      jobs: await jobsIn(clients.batch, queue),
      executions: inputs.filter((input) => input.includes(`"${jobQueueArn}"`)).length,
    })),
  );
};

const jobsIn = async (batch: BatchClient, jobQueue: string): Promise<number> => {
  let jobs = 0;
  for (const jobStatus of ALIVE) {
    let nextToken: string | undefined;
    do {
      const page = await batch.send(new ListJobsCommand({ jobQueue, jobStatus, nextToken }));
      jobs += page.jobSummaryList?.length ?? 0;
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return jobs;
};

/** Inputs of all executions that run, which name the queues of their ladders. */
const runningInputs = async ({ cloudFormation, stepFunctions }: Clients, stacks: readonly StackChanges[]): Promise<string[]> => {
  const inputs: string[] = [];
  for (const { stack } of stacks.filter(({ deployed, region }) => deployed !== undefined && region === undefined)) {
    for (const stateMachineArn of await stateMachinesOf(cloudFormation, stack)) {
      let nextToken: string | undefined;
      do {
        const page = await stepFunctions.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', nextToken }));
        for (const { executionArn } of page.executions ?? []) {
          const { input = '' } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
          inputs.push(input);
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
    }
  }
  return inputs;
};

const stateMachinesOf = async (cloudFormation: CloudFormationClient, stack: string): Promise<string[]> => {
  const arns: string[] = [];
  let token: string | undefined;
  do {
    const page = await cloudFormation.send(new ListStackResourcesCommand({ StackName: stack, NextToken: token }));
    for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? [])
      if (ResourceType === 'AWS::StepFunctions::StateMachine' && PhysicalResourceId) arns.push(PhysicalResourceId);
    token = page.NextToken;
  } while (token !== undefined);
  return arns;
};
