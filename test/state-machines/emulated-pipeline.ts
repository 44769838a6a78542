import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { parseJobName, STAGES, type Stage, type StageError } from '../../functions/shared/contracts/names.ts';
import type { FailureCause } from '../../functions/shared/contracts/stage-documents.ts';
import { timeoutSubstitution } from '../../lib/constructs/experiment-state-machine.ts';
import { substituted } from './experiment-definition.ts';
import { archiveOf } from './lambda-archive.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A job as the state machine submitted it. */
export type Submitted = { stage: Stage; attempt: number; queue: string; environment: Record<string, string> };
/** How an attempt ends: with a manifest, with a decided failure, not at all, or refused by Batch. */
export type Ending = 'succeeds' | 'never ends' | 'refused' | { error: StageError; cause: Partial<FailureCause> };
export type Plan = Partial<Record<Stage, Ending[]>>;

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
};

const listen = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  return `http://127.0.0.1:${address.port}`;
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = Number(new URL(await listen(server)).port);
  server.close();
  await once(server, 'close');
  return port;
};

/** The definition on the emulator, its Lambdas that tell what they were given, and a Batch that ends its jobs as planned. */
export const emulatedPipeline = async () => {
  const plans = new Map<string, Plan>();
  const submitted = new Map<string, Submitted[]>();
  const calls = new Map<string, { called: string; event: Record<string, unknown> }[]>();
  const state = await mkdtemp(join(tmpdir(), 'spotforge-pipeline-'));

  const submit = (job: Record<string, unknown>): { status: number; body: object } => {
    const at = parseJobName(String(job.jobName));
    if (!at) throw new Error(`not a job of ours: ${String(job.jobName)}`);
    const overrides = job.containerOverrides as { environment: { name: string; value: string }[] };
    const environment = Object.fromEntries(overrides.environment.map(({ name, value }) => [name, value]));
    const jobs = submitted.get(at.experimentId) ?? [];
    submitted.set(at.experimentId, [...jobs, { stage: at.stage, attempt: at.attempt, queue: String(job.jobQueue), environment }]);
    const ending = plans.get(at.experimentId)?.[at.stage]?.[at.attempt - 1] ?? 'succeeds';
    if (ending === 'refused') return { status: 400, body: { message: 'JobQueue not found' } };
    if (ending !== 'never ends') setImmediate(() => end(String(environment.TASK_TOKEN), ending, job));
    return { status: 200, body: { jobName: job.jobName, jobId: `job-${at.stage}-${at.attempt}`, jobArn: 'arn:job' } };
  };

  const end = async (taskToken: string, ending: Exclude<Ending, string> | 'succeeds', job: Record<string, unknown>) => {
    if (ending === 'succeeds')
      await sfn.send(
        new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ manifest: `s3://m/${String(job.jobName)}` }) }),
      );
    else {
      const cause = { action: 'fail', rung: 0, microBatchDivisor: 1, delaySeconds: 0, message: 'm', ...ending.cause };
      await sfn.send(new SendTaskFailureCommand({ taskToken, error: ending.error, cause: JSON.stringify(cause) }));
    }
  };

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (request.url?.startsWith('/called/')) {
      const id = String(body.experimentId);
      calls.set(id, [...(calls.get(id) ?? []), { called: request.url.slice('/called/'.length), event: body }]);
      response.end('{}');
      return;
    }
    const answer = submit(body);
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      ...(answer.status === 400 ? { 'x-amzn-errortype': 'ClientException' } : {}),
    });
    response.end(JSON.stringify(answer.body));
  });
  const own = await listen(server);
  const emulator = spawn(
    join(ROOT, '.venv/bin/python'),
    ['-m', 'spotforge_emulator', '--port', String(await freePort()), '--state', state, '--no-auth', '--batch-endpoint', own],
    {
      env: { ...process.env, PYTHONPATH: join(ROOT, 'local/emulator'), LOG_LEVEL: 'ERROR' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(emulator, 'exit');
  const stop = async () => {
    if (emulator.exitCode === null && emulator.kill('SIGTERM')) await ended;
    server.close();
    await rm(state, { recursive: true, force: true });
  };
  const died = ended.then(() => Promise.reject(new Error('The emulator ended before it was ready.')));
  died.catch(() => {});
  const [line] = (await Promise.race([once(createInterface(emulator.stdout), 'line'), died])) as [string];
  const { endpoint } = JSON.parse(line) as { endpoint: string };
  const sfn = new SFNClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });

  const createFunction = async (name: string, answer: object): Promise<string> => {
    const source = `export const handler = async (event) => { await fetch('${own}/called/${name}', { method: 'POST', body: JSON.stringify(event) }); return ${JSON.stringify(answer)}; };`;
    const created = await fetch(`${endpoint}/2015-03-31/functions`, {
      method: 'POST',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify({
        FunctionName: name,
        Runtime: 'nodejs24.x',
        Role: 'arn:aws:iam::000000000000:role/any',
        Handler: 'index.handler',
        Timeout: 20,
        Code: { ZipFile: archiveOf('index.mjs', source).toString('base64') },
      }),
    });
    if (!created.ok) throw new Error(`${name} was not created: ${await created.text()}`);
    return ((await created.json()) as { FunctionArn: string }).FunctionArn;
  };
  const arns = {
    RecordFailureArn: await createFunction('record-failure', {}),
    TakeModelVersionArn: await createFunction('take-model-version', { version: 7 }),
  };
  const machines = new Map<string, string>();
  /** The machine with this time-out for every stage. */
  const machineWith = async (timeoutSeconds: string): Promise<string> => {
    const known = machines.get(timeoutSeconds);
    if (known) return known;
    const timeouts = Object.fromEntries(STAGES.map((stage) => [timeoutSubstitution(stage), timeoutSeconds]));
    const { stateMachineArn = '' } = await sfn.send(
      new CreateStateMachineCommand({
        name: `experiment-${timeoutSeconds}`,
        roleArn: 'arn:aws:iam::000000000000:role/any',
        definition: substituted({ ...arns, ...timeouts }),
      }),
    );
    machines.set(timeoutSeconds, stateMachineArn);
    return stateMachineArn;
  };

  /** Runs one execution to its end. */
  const run = async (input: { experimentId: string; run: number }, plan: Plan, timeoutSeconds = '60') => {
    plans.set(input.experimentId, plan);
    const stateMachineArn = await machineWith(timeoutSeconds);
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, name: `${input.experimentId}-r${input.run}`, input: JSON.stringify(input) }),
    );
    let execution: DescribeExecutionCommandOutput;
    do {
      await new Promise((resolve) => setTimeout(resolve, 50));
      execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    } while (execution.status === 'RUNNING');
    return { execution, jobs: submitted.get(input.experimentId) ?? [], calls: calls.get(input.experimentId) ?? [] };
  };

  return { run, stop };
};
