import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  BatchClient,
  CreateComputeEnvironmentCommand,
  type CreateComputeEnvironmentCommandInput,
  CreateJobQueueCommand,
  DescribeJobsCommand,
  type JobDetail,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  SubmitJobCommand,
  type SubmitJobCommandInput,
} from '@aws-sdk/client-batch';
import { connect } from '../../../local/batch/aws.ts';
import { type Executor, startExecutor } from '../../../local/batch/executor.ts';
import type { Options } from '../../../local/batch/options.ts';
import { FakeAws } from './fake-aws.ts';

const IMAGE = '000000000000.dkr.ecr.us-east-1.amazonaws.com/spotforge/data:1';
export const ROLE = 'arn:aws:iam::000000000000:role/stage';
const REGION = 'us-east-1';

/** One executor in this process with its recording AWS, its own state directory and a real SDK client. */
export class Harness {
  readonly aws = new FakeAws();
  readonly messages: string[] = [];
  readonly state = mkdtempSync(join(tmpdir(), 'spotforge-batch-'));
  executor: Executor | undefined;
  client: BatchClient = new BatchClient({});
  #overrides: Partial<Options> = {};

  static async start(overrides: Partial<Options> = {}): Promise<Harness> {
    const harness = new Harness();
    await harness.aws.start();
    await harness.boot(overrides);
    return harness;
  }

  /** Starts the executor, again after a `halt` if you like, over the same state. */
  async boot(overrides: Partial<Options> = this.#overrides): Promise<void> {
    this.#overrides = overrides;
    const options: Options = {
      port: 0,
      state: this.state,
      awsEndpoint: this.aws.endpoint,
      images: '',
      account: '000000000000',
      region: REGION,
      maxConcurrentJobs: 4,
      timeScale: 1,
      accessKeyId: 'ROOTKEY',
      secretAccessKey: 'root-secret',
      ...overrides,
    };
    const environment = { SHADE: 'of the image', COLOUR: 'of the image' };
    const images = { 'spotforge/data': { python: dirname(process.execPath), pythonPath: ['/opt/one', '/opt/two'], environment } };
    this.executor = await startExecutor(options, connect(options), images, (message) => this.messages.push(message));
    this.connect(this.endpoint);
  }

  /** Points the client at another executor. */
  connect(endpoint: string): void {
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    this.client = new BatchClient({ endpoint, region: REGION, credentials, maxAttempts: 1 });
  }

  get endpoint(): string {
    return this.executor?.endpoint ?? '';
  }

  async halt(): Promise<void> {
    await this.executor?.close();
    this.client.destroy();
  }

  async stop(): Promise<void> {
    await this.halt();
    this.aws.stop();
    rmSync(this.state, { recursive: true, force: true });
  }

  /** An environment and a FIFO queue on it, both of this name. */
  async queue(
    name: string,
    resources: Partial<CreateComputeEnvironmentCommandInput['computeResources'] & object> = {},
    priority = 1,
  ): Promise<void> {
    await this.client.send(
      new CreateComputeEnvironmentCommand({
        computeEnvironmentName: name,
        type: 'MANAGED',
        computeResources: { type: 'SPOT', maxvCpus: 16, instanceTypes: ['c6i'], subnets: ['subnet-1'], ...resources },
      }),
    );
    await this.client.send(
      new CreateJobQueueCommand({
        jobQueueName: name,
        priority,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: name }],
      }),
    );
  }

  async definition(name: string, container: object = {}, more: Partial<RegisterJobDefinitionCommandInput> = {}): Promise<string> {
    const { jobDefinitionArn } = await this.client.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: name,
        type: 'container',
        containerProperties: {
          image: IMAGE,
          command: ['sh', '-c', 'exit 0'],
          resourceRequirements: [
            { type: 'VCPU', value: '1' },
            { type: 'MEMORY', value: '512' },
          ],
          ...container,
        },
        ...more,
      }),
    );
    return jobDefinitionArn ?? '';
  }

  /** Submits a shell script to the queue `cpu` with the definition `shell`, both made if need be by `ready()`. */
  async submit(script: string, more: Partial<SubmitJobCommandInput> = {}): Promise<string> {
    const { jobId } = await this.client.send(
      new SubmitJobCommand({
        jobName: 'a-job',
        jobQueue: 'cpu',
        jobDefinition: 'shell',
        ...more,
        containerOverrides: { command: ['sh', '-c', script], ...more.containerOverrides },
      }),
    );
    return jobId ?? '';
  }

  async describe(jobId: string): Promise<JobDetail> {
    const { jobs } = await this.client.send(new DescribeJobsCommand({ jobs: [jobId] }));
    const [job] = jobs ?? [];
    if (!job) throw new Error(`no job ${jobId}`);
    return job;
  }

  /** Waits for the status as DescribeJobs shows it. */
  async until(jobId: string, ...statuses: string[]): Promise<JobDetail> {
    return eventually(async () => {
      const job = await this.describe(jobId);
      return statuses.includes(job.status ?? '') ? job : undefined;
    }, `job ${jobId} to become ${statuses}`);
  }

  ended(jobId: string): Promise<JobDetail> {
    return this.until(jobId, 'SUCCEEDED', 'FAILED');
  }

  /** The job's log in CloudWatch, once it holds this text. */
  async logOf(jobId: string, text: string): Promise<string[]> {
    return eventually(async () => {
      const { container } = await this.describe(jobId);
      const lines = [...this.aws.logs].find(([key]) => container?.logStreamName && key.endsWith(container.logStreamName))?.[1];
      return lines?.some((line) => line.includes(text)) ? lines : undefined;
    }, `the log of ${jobId} to hold ${text}`);
  }

  /** One of the executor's own routes: GET without a body, POST with one. */
  async control(
    path: string,
    body?: object,
    method = body ? 'POST' : 'GET',
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.endpoint}/_spotforge/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}

export async function eventually<T>(
  look: () => Promise<T | undefined> | T | undefined,
  what: string,
  timeoutMs = 8_000,
): Promise<T> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
}
