import { readFileSync } from 'node:fs';
import { CreateJobQueueCommand, CreateSchedulingPolicyCommand } from '@aws-sdk/client-batch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRaw, violations } from './botocore-model.ts';
import { eventually, Harness, ROLE } from './harness.ts';

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/aws/batch/${name}.json`, import.meta.url), 'utf8'));

let batch: Harness;
let ids: string[];

beforeAll(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.client.send(new CreateSchedulingPolicyCommand({ name: 'fair', fairsharePolicy: {} }));
  await batch.client.send(
    new CreateJobQueueCommand({
      jobQueueName: 'shared',
      priority: 1,
      schedulingPolicyArn: 'arn:aws:batch:us-east-1:000000000000:scheduling-policy/fair',
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'cpu' }],
    }),
  );
  await batch.definition(
    'shell',
    { jobRoleArn: ROLE, environment: [{ name: 'A', value: 'b' }] },
    { timeout: { attemptDurationSeconds: 600 } },
  );
  ids = [
    await batch.submit('echo x'),
    await batch.submit('exit 3', { tags: { team: 'blue' }, retryStrategy: { attempts: 2 } }),
    await batch.submit('sleep 5'),
  ];
  const shared = await batch.submit('sleep 60', { jobQueue: 'shared', shareIdentifier: 'blue' });
  await batch.until(shared, 'RUNNING');
  await Promise.all([batch.ended(ids[0] ?? ''), batch.ended(ids[1] ?? ''), batch.until(ids[2] ?? '', 'RUNNING')]);
  await eventually(
    () =>
      ids.every((id) => batch.aws.statusesOf(id).length >= 3) &&
      batch.aws.events.some(({ detail }) => detail.status === 'FAILED'),
    'the events',
  );
});
afterAll(() => batch.stop());

describe('against botocore’s model of Batch', () => {
  it.each([
    ['DescribeJobs', () => ({ jobs: ids })],
    ['ListJobs', () => ({ jobQueue: 'cpu', jobStatus: 'FAILED' })],
    ['ListJobs', () => ({ jobQueue: 'cpu', filters: [{ name: 'JOB_NAME', values: ['a-*'] }] })],
    ['DescribeJobDefinitions', () => ({ jobDefinitionName: 'shell' })],
    ['DescribeJobQueues', () => ({})],
    ['DescribeComputeEnvironments', () => ({})],
    ['GetJobQueueSnapshot', () => ({ jobQueue: 'cpu' })],
    ['GetJobQueueSnapshot', () => ({ jobQueue: 'shared' })],
    [
      'CreateSchedulingPolicy',
      () => ({
        name: 'p',
        fairsharePolicy: { shareDecaySeconds: 60, shareDistribution: [{ shareIdentifier: 'A*', weightFactor: 0.5 }] },
      }),
    ],
    ['ListSchedulingPolicies', () => ({})],
    ['DescribeSchedulingPolicies', () => ({ arns: ['arn:aws:batch:us-east-1:000000000000:scheduling-policy/p'] })],
    ['SubmitJob', () => ({ jobName: 'n', jobQueue: 'cpu', jobDefinition: 'shell' })],
    [
      'RegisterJobDefinition',
      () => ({ jobDefinitionName: 'd', type: 'container', containerProperties: { image: 'i', vcpus: 1, memory: 64 } }),
    ],
    ['CancelJob', () => ({ jobId: ids[0], reason: 'r' })],
    ['TerminateJob', () => ({ jobId: ids[0], reason: 'r' })],
  ])('%s answers AWS’s shape and no member more', async (operation, body) => {
    const answer = await callRaw(batch.endpoint, operation, body());
    expect(answer).toMatchObject({ status: 200, violations: [] });
    expect(JSON.stringify(answer.body).length).toBeGreaterThan(1);
  });

  it('every event’s detail is a JobDetail', () => {
    expect(batch.aws.events.flatMap(({ detail }) => violations('JobDetail', detail))).toEqual([]);
  });

  it('the checker sees a wrong type, a missing and an unknown member', () => {
    const { detail } = fixture('job-state-change-event').event;
    expect(violations('JobDetail', detail)).toEqual([]);
    const { jobName: _, ...nameless } = detail;
    const broken = { ...nameless, createdAt: '1', container: { ...detail.container, Image: 'x' } };
    expect(violations('JobDetail', broken).map((problem) => problem.split(':')[0])).toEqual([
      'JobDetail.jobName',
      'JobDetail.createdAt',
      'JobDetail.container.Image',
    ]);
  });
});

describe('against the documented state change event', () => {
  const documented = fixture('job-state-change-event').event;

  it('the entry carries source, detail type and the job as resource', () => {
    const [{ entry, detail } = { entry: undefined, detail: undefined }] = batch.aws.events;
    expect(entry).toMatchObject({
      Source: documented.source,
      DetailType: documented['detail-type'],
      Resources: [detail?.jobArn],
    });
    expect(detail?.jobArn).toBe(`arn:aws:batch:us-east-1:000000000000:job/${detail?.jobId}`);
  });

  it('a RUNNABLE event has every member of the documented one, in the same types', () => {
    const event = batch.aws.events.find(({ detail }) => detail.status === 'RUNNABLE');
    const typesOf = (value: unknown): unknown => {
      if (Array.isArray(value)) return 'list';
      if (typeof value !== 'object' || value === null) return typeof value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typesOf(item)]));
    };
    expect(typesOf(event?.detail)).toMatchObject(typesOf(documented.detail) as object);
    expect(event?.detail.tags).toEqual({ resourceArn: event?.detail.jobArn });
  });

  it('a FAILED event tells each attempt’s container, times and reason', () => {
    const failed = batch.aws.events.find(({ detail }) => detail.status === 'FAILED')?.detail;
    expect(failed?.tags).toMatchObject({ team: 'blue' });
    expect(failed?.attempts).toHaveLength(2);
    expect(failed).toMatchObject({
      attempts: [
        {
          container: {
            containerInstanceArn: expect.stringMatching(
              /^arn:aws:ecs:us-east-1:000000000000:container-instance\/AWSBatch-cpu-[0-9a-f-]{36}\/[0-9a-f]{32}$/,
            ),
            taskArn: expect.stringMatching(/^arn:aws:ecs:us-east-1:000000000000:task\//),
            exitCode: 3,
            logStreamName: expect.any(String),
            networkInterfaces: [],
          },
          statusReason: 'Essential container in task exited',
        },
        {},
      ],
    });
  });

  it('the detail is what DescribeJobs answers, but for the ARN among the tags', async () => {
    const last = batch.aws.events.filter(({ detail }) => detail.jobId === ids[0]).at(-1)?.detail;
    const { body } = await callRaw(batch.endpoint, 'DescribeJobs', { jobs: [ids[0] ?? ''] });
    expect({ ...last, tags: {} }).toEqual((body as { jobs: unknown[] }).jobs[0]);
  });
});

describe('errors', () => {
  it.each([
    ['SubmitJob', { jobName: 'n', jobQueue: 'none', jobDefinition: 'shell' }, /none does not exist/],
    ['SubmitJob', { jobName: 'n', jobQueue: 'cpu', jobDefinition: 'shell:99' }, /shell:99/],
    ['SubmitJob', { jobName: '-bad', jobQueue: 'cpu', jobDefinition: 'shell' }, /jobName/],
    ['SubmitJob', { jobName: 'n', jobQueue: 'cpu', jobDefinition: 'shell', shareIdentifier: 'A' }, /no scheduling policy/],
    [
      'SubmitJob',
      { jobName: 'n', jobQueue: 'cpu', jobDefinition: 'shell', timeout: { attemptDurationSeconds: 5 } },
      /attemptDurationSeconds/,
    ],
    ['SubmitJob', { jobName: 'n', jobQueue: 'cpu', jobDefinition: 'shell', arrayProperties: { size: 2 } }, /arrayProperties/],
    ['SubmitJob', { jobName: 'n', jobQueue: 'cpu', jobDefinition: 'shell', dependsOn: [{ jobId: 'x' }] }, /x in dependsOn/],
    ['SubmitJob', { jobName: 'n', jobQueue: 'cpu', jobDefinition: 'shell', parameters: { p: 'x'.repeat(31_000) } }, /30 KiB/],
    [
      'SubmitJob',
      {
        jobName: 'n',
        jobQueue: 'cpu',
        jobDefinition: 'shell',
        containerOverrides: { environment: [{ name: 'AWS_BATCH_X', value: '' }] },
      },
      /reserved/,
    ],
    ['GetJobQueueSnapshot', { jobQueue: 'none' }, /none does not exist/],
    [
      'UpdateJobQueue',
      {
        jobQueue: 'cpu',
        jobStateTimeLimitActions: [{ reason: 'slow', state: 'RUNNABLE', maxTimeSeconds: 600, action: 'CANCEL' }],
      },
      /reason: .*CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY/,
    ],
    ['TerminateJob', { jobId: 'nobody', reason: 'r' }, /nobody does not exist/],
    ['ListJobs', { jobStatus: 'RUNNING' }, /jobQueue/],
    ['ListJobs', { jobQueue: 'cpu', filters: [{ name: 'COLOUR', values: ['x'] }] }, /COLOUR/],
    ['RegisterJobDefinition', { jobDefinitionName: 'd', type: 'multinode' }, /container/],
    ['RegisterJobDefinition', { jobDefinitionName: 'd', type: 'container', containerProperties: { image: 'i' } }, /VCPU/],
    [
      'SubmitServiceJob',
      { jobName: 'n', jobQueue: 'cpu', serviceRequestPayload: '{}', serviceJobType: 'SAGEMAKER_TRAINING' },
      /not an operation/,
    ],
  ])('%s refuses %j as ClientException', async (operation, body, message) => {
    const answer = await callRaw(batch.endpoint, operation, body);
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringMatching(message) } });
  });

  it('are thrown by the SDK under AWS’s name', async () => {
    await expect(batch.submit('x', { jobQueue: 'none' })).rejects.toMatchObject({
      name: 'ClientException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('PascalCase members, which AWS does not know, are refused', async () => {
    const response = await fetch(`${batch.endpoint}/v1/submitjob`, {
      method: 'POST',
      body: JSON.stringify({ JobName: 'n', JobQueue: 'cpu', JobDefinition: 'shell' }),
    });
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([400, 'ClientException']);
  });

  it('a body that is no JSON or too large is refused', async () => {
    for (const body of ['{', `"${'x'.repeat(1_100_000)}"`]) {
      expect((await fetch(`${batch.endpoint}/v1/submitjob`, { method: 'POST', body })).status).toBe(400);
    }
  });
});
