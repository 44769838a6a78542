import * as sdk from '@aws-sdk/client-batch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Harness } from './harness.ts';

let batch: Harness;

beforeEach(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.definition('shell');
});
afterEach(() => batch.stop());

const environmentOf = async (name: string) => {
  const { computeEnvironments } = await batch.client.send(
    new sdk.DescribeComputeEnvironmentsCommand({ computeEnvironments: [name] }),
  );
  return computeEnvironments?.[0];
};

describe('compute environments and queues', () => {
  it('have ARNs of the real form and are VALID at once', async () => {
    expect(await environmentOf('cpu')).toMatchObject({
      computeEnvironmentArn: 'arn:aws:batch:us-east-1:000000000000:compute-environment/cpu',
      ecsClusterArn: expect.stringMatching(/^arn:aws:ecs:us-east-1:000000000000:cluster\/AWSBatch-cpu-/),
      status: 'VALID',
      computeResources: { maxvCpus: 16, subnets: ['subnet-1'] },
    });
    const { jobQueues } = await batch.client.send(
      new sdk.DescribeJobQueuesCommand({ jobQueues: ['arn:aws:batch:us-east-1:000000000000:job-queue/cpu', 'none'] }),
    );
    expect(jobQueues).toMatchObject([
      {
        jobQueueName: 'cpu',
        status: 'VALID',
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: (await environmentOf('cpu'))?.computeEnvironmentArn }],
      },
    ]);
  });

  it('are deleted only disabled and unused, queue first; its jobs end', async () => {
    const id = await batch.submit('sleep 60');
    await batch.until(id, 'RUNNING');
    const refused = { name: 'ClientException' };
    await expect(batch.client.send(new sdk.DeleteComputeEnvironmentCommand({ computeEnvironment: 'cpu' }))).rejects.toMatchObject(
      refused,
    );
    await batch.client.send(new sdk.UpdateComputeEnvironmentCommand({ computeEnvironment: 'cpu', state: 'DISABLED' }));
    await expect(batch.client.send(new sdk.DeleteComputeEnvironmentCommand({ computeEnvironment: 'cpu' }))).rejects.toThrow(
      /JobQueue relationship/,
    );
    await expect(batch.client.send(new sdk.DeleteJobQueueCommand({ jobQueue: 'cpu' }))).rejects.toThrow(/disabled first/);
    await batch.client.send(new sdk.UpdateJobQueueCommand({ jobQueue: 'cpu', state: 'DISABLED' }));
    await expect(batch.submit('exit 0')).rejects.toThrow(/DISABLED/);
    await batch.client.send(new sdk.DeleteJobQueueCommand({ jobQueue: 'cpu' }));
    await batch.client.send(new sdk.DeleteComputeEnvironmentCommand({ computeEnvironment: 'cpu' }));
    expect(await batch.ended(id)).toMatchObject({ status: 'FAILED', isTerminated: true });
    expect(await environmentOf('cpu')).toBeUndefined();
  });

  it('a disabled environment holds its jobs RUNNABLE until it is enabled', async () => {
    await batch.client.send(
      new sdk.UpdateComputeEnvironmentCommand({
        computeEnvironment: 'cpu',
        state: 'DISABLED',
        computeResources: { maxvCpus: 32 },
      }),
    );
    expect((await environmentOf('cpu'))?.computeResources).toMatchObject({ maxvCpus: 32, type: 'SPOT' });
    const id = await batch.submit('exit 0');
    await batch.until(id, 'RUNNABLE');
    await batch.client.send(new sdk.UpdateComputeEnvironmentCommand({ computeEnvironment: 'cpu', state: 'ENABLED' }));
    expect((await batch.ended(id)).status).toBe('SUCCEEDED');
  });

  it('a job too large for every instance stays RUNNABLE and says so; a GPU is taken where the types have one', async () => {
    const gpu = { resourceRequirements: [{ type: 'GPU' as const, value: '1' }] };
    const id = await batch.submit('exit 0', { containerOverrides: gpu });
    await batch.until(id, 'RUNNABLE');
    await expect
      .poll(async () => (await batch.describe(id)).statusReason)
      .toMatch(/^MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - /);
    await batch.queue('gpu', { instanceTypes: ['g4dn', 'g6'] });
    expect((await batch.ended(await batch.submit('exit 0', { jobQueue: 'gpu', containerOverrides: gpu }))).status).toBe(
      'SUCCEEDED',
    );
    await batch.client.send(new sdk.TerminateJobCommand({ jobId: id, reason: 'done looking' }));
    expect((await batch.describe(id)).statusReason).toBe('done looking');
  });

  it('names are taken once, and what they refer to must exist', async () => {
    await expect(batch.queue('cpu')).rejects.toThrow(/already exists/);
    const order = [{ order: 1, computeEnvironment: 'cpu' }];
    await expect(
      batch.client.send(new sdk.CreateJobQueueCommand({ jobQueueName: 'cpu', priority: 1, computeEnvironmentOrder: order })),
    ).rejects.toThrow(/already exists/);
    const nowhere = [{ order: 1, computeEnvironment: 'none' }];
    await expect(
      batch.client.send(new sdk.CreateJobQueueCommand({ jobQueueName: 'q', priority: 1, computeEnvironmentOrder: nowhere })),
    ).rejects.toThrow(/does not exist/);
    await expect(
      batch.client.send(new sdk.CreateComputeEnvironmentCommand({ computeEnvironmentName: 'e', type: 'MANAGED' })),
    ).rejects.toThrow(/computeResources/);
  });
});

describe('scheduling policies', () => {
  it('make their queues require a share identifier, cannot be added later, nor deleted while in use', async () => {
    const { arn = '' } = await batch.client.send(
      new sdk.CreateSchedulingPolicyCommand({ name: 'fair', fairsharePolicy: { shareDecaySeconds: 60 } }),
    );
    const order = [{ order: 1, computeEnvironment: 'cpu' }];
    await batch.client.send(
      new sdk.CreateJobQueueCommand({
        jobQueueName: 'fair',
        priority: 1,
        schedulingPolicyArn: arn,
        computeEnvironmentOrder: order,
      }),
    );
    await expect(batch.submit('exit 0', { jobQueue: 'fair' })).rejects.toThrow(/shareIdentifier must be specified/);
    const job = await batch.ended(
      await batch.submit('exit 0', { jobQueue: 'fair', shareIdentifier: 'tenantA', schedulingPriorityOverride: 3 }),
    );
    expect(job).toMatchObject({ status: 'SUCCEEDED', shareIdentifier: 'tenantA', schedulingPriority: 3 });
    await expect(batch.client.send(new sdk.UpdateJobQueueCommand({ jobQueue: 'cpu', schedulingPolicyArn: arn }))).rejects.toThrow(
      /cannot be added/,
    );
    await expect(batch.client.send(new sdk.DeleteSchedulingPolicyCommand({ arn }))).rejects.toThrow(/in use/);
    const { arn: second = '' } = await batch.client.send(new sdk.CreateSchedulingPolicyCommand({ name: 'second' }));
    await batch.client.send(
      new sdk.UpdateJobQueueCommand({
        jobQueue: 'fair',
        schedulingPolicyArn: second,
        priority: 2,
        computeEnvironmentOrder: order,
      }),
    );
    await batch.client.send(new sdk.UpdateSchedulingPolicyCommand({ arn, fairsharePolicy: { computeReservation: 5 } }));
    const { schedulingPolicies } = await batch.client.send(new sdk.DescribeSchedulingPoliciesCommand({ arns: [arn] }));
    expect(schedulingPolicies).toMatchObject([{ name: 'fair', fairsharePolicy: { computeReservation: 5 } }]);
    await batch.client.send(new sdk.DeleteSchedulingPolicyCommand({ arn }));
    expect((await batch.client.send(new sdk.ListSchedulingPoliciesCommand({}))).schedulingPolicies).toEqual([{ arn: second }]);
  });
});

describe('job definitions', () => {
  it('count revisions per name, never reuse one, and the newest active is taken', async () => {
    const second = await batch.definition('shell', { environment: [{ name: 'V', value: '2' }] });
    expect(second).toBe('arn:aws:batch:us-east-1:000000000000:job-definition/shell:2');
    expect((await batch.describe(await batch.submit('exit 0'))).jobDefinition).toBe(second);
    expect((await batch.describe(await batch.submit('exit 0', { jobDefinition: 'shell:1' }))).jobDefinition).toMatch(/shell:1$/);
    await batch.client.send(new sdk.DeregisterJobDefinitionCommand({ jobDefinition: second }));
    await expect(batch.submit('exit 0', { jobDefinition: second })).rejects.toThrow(/not ACTIVE/);
    expect((await batch.describe(await batch.submit('exit 0'))).jobDefinition).toMatch(/shell:1$/);
    expect(await batch.definition('shell')).toMatch(/shell:3$/);
    await expect(batch.client.send(new sdk.DeregisterJobDefinitionCommand({ jobDefinition: 'shell' }))).rejects.toThrow(
      /revision/,
    );
  });

  it('are described by name, status or reference, page by page', async () => {
    for (let revision = 2; revision <= 5; revision += 1) await batch.definition('shell');
    await batch.client.send(new sdk.DeregisterJobDefinitionCommand({ jobDefinition: 'shell:2' }));
    const revisions: (number | undefined)[] = [];
    for await (const page of sdk.paginateDescribeJobDefinitions(
      { client: batch.client, pageSize: 2 },
      { jobDefinitionName: 'shell', status: 'ACTIVE' },
    )) {
      revisions.push(...(page.jobDefinitions ?? []).map(({ revision }) => revision));
    }
    expect(revisions).toEqual([5, 4, 3, 1]);
    const { jobDefinitions } = await batch.client.send(
      new sdk.DescribeJobDefinitionsCommand({ jobDefinitions: ['shell:2', 'none'] }),
    );
    expect(jobDefinitions).toMatchObject([
      { revision: 2, status: 'INACTIVE', containerProperties: { image: expect.any(String) } },
    ]);
    await expect(batch.client.send(new sdk.DescribeJobDefinitionsCommand({ nextToken: '!!' }))).rejects.toThrow(/nextToken/);
  });
});

describe('ListJobs', () => {
  it('filters by status, name, definition, time and share', async () => {
    const done = await batch.submit('exit 0', { jobName: 'Alpha-1' });
    await batch.ended(done);
    const list = async (request: Partial<sdk.ListJobsCommandInput>) =>
      (await batch.client.send(new sdk.ListJobsCommand({ jobQueue: 'cpu', ...request }))).jobSummaryList?.map(
        ({ jobName }) => jobName,
      );
    expect(await list({})).toEqual([]);
    expect(await list({ jobStatus: 'SUCCEEDED' })).toEqual(['Alpha-1']);
    const by = (name: string, value: string) => list({ filters: [{ name, values: [value] }] });
    expect(await by('JOB_NAME', 'alpha-1')).toEqual(['Alpha-1']);
    expect(await by('JOB_NAME', 'alp*')).toEqual(['Alpha-1']);
    expect(await by('JOB_NAME', 'alp')).toEqual([]);
    expect(await by('JOB_DEFINITION', 'shell')).toEqual(['Alpha-1']);
    expect(await by('JOB_DEFINITION', 'arn:aws:batch:us-east-1:000000000000:job-definition/shell:*')).toEqual(['Alpha-1']);
    expect(await by('BEFORE_CREATED_AT', '1')).toEqual([]);
    expect(await by('AFTER_CREATED_AT', '1')).toEqual(['Alpha-1']);
    expect(await by('SHARE_IDENTIFIER', 'x')).toEqual([]);
  });
});

describe('tags', () => {
  it('are added, listed and removed on queues and jobs', async () => {
    const { jobQueues } = await batch.client.send(new sdk.DescribeJobQueuesCommand({}));
    const id = await batch.submit('exit 0');
    await batch.ended(id);
    for (const resourceArn of [jobQueues?.[0]?.jobQueueArn, (await batch.describe(id)).jobArn]) {
      await batch.client.send(new sdk.TagResourceCommand({ resourceArn, tags: { team: 'blue', cost: '1' } }));
      await batch.client.send(new sdk.UntagResourceCommand({ resourceArn, tagKeys: ['cost'] }));
      expect((await batch.client.send(new sdk.ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ team: 'blue' });
    }
    const tags = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, '']));
    await expect(
      batch.client.send(new sdk.TagResourceCommand({ resourceArn: jobQueues?.[0]?.jobQueueArn, tags })),
    ).rejects.toThrow(/50 tags/);
    const stranger = 'arn:aws:batch:us-east-1:000000000000:job-queue/none';
    await expect(batch.client.send(new sdk.ListTagsForResourceCommand({ resourceArn: stranger }))).rejects.toThrow(
      /does not exist/,
    );
  });
});

describe('the state on disk', () => {
  it('outlives a restart: resources, revisions, ended and waiting jobs', async () => {
    const done = await batch.submit('exit 0');
    await batch.ended(done);
    await batch.client.send(new sdk.UpdateComputeEnvironmentCommand({ computeEnvironment: 'cpu', state: 'DISABLED' }));
    const waiting = await batch.submit('exit 0');
    await batch.until(waiting, 'RUNNABLE');
    const before = await batch.describe(done);
    await batch.halt();
    await batch.boot();
    expect(await batch.describe(done)).toEqual(before);
    await batch.client.send(new sdk.UpdateComputeEnvironmentCommand({ computeEnvironment: 'cpu', state: 'ENABLED' }));
    expect((await batch.ended(waiting)).status).toBe('SUCCEEDED');
    expect(await batch.definition('shell')).toMatch(/:2$/);
  });
});
