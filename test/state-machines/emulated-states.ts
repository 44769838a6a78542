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
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { archiveOf } from './lambda-archive.ts';

const ROOT = join(import.meta.dirname, '../..');
export type Body = Record<string, unknown>;
export type BatchAnswer = { status: number; body: object };

type Answers = {
  /** One call of Batch: `/v1/submitjob` and its body. */
  batch: (path: string, body: Body) => BatchAnswer;
  /** What a function answers, by its name and its event. */
  called: (name: string, event: Body) => object;
};

const bodyOf = async (request: IncomingMessage): Promise<Body> => {
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

/** State machines on the emulator, with functions and a Batch that answer as a test wants. */
export const emulatedStates = async ({ batch, called }: Answers) => {
  const state = await mkdtemp(join(tmpdir(), 'spotforge-states-'));
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (request.url?.startsWith('/called/')) {
      response.end(JSON.stringify(called(request.url.slice('/called/'.length), body)));
      return;
    }
    const answer = batch(request.url ?? '', body);
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

  /** A function that asks `called` what to answer; its ARN. */
  const createFunction = async (name: string): Promise<string> => {
    const source = `export const handler = async (event) => { const said = await fetch('${own}/called/${name}', { method: 'POST', body: JSON.stringify(event) }); return await said.json(); };`;
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

  const createMachine = async (name: string, definition: string): Promise<string> => {
    const roleArn = 'arn:aws:iam::000000000000:role/any';
    const { stateMachineArn = '' } = await sfn.send(new CreateStateMachineCommand({ name, roleArn, definition }));
    return stateMachineArn;
  };

  /** Runs one execution to its end. */
  const execute = async (stateMachineArn: string, name: string, input: object): Promise<DescribeExecutionCommandOutput> => {
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
    let execution: DescribeExecutionCommandOutput;
    do {
      await new Promise((resolve) => setTimeout(resolve, 50));
      execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    } while (execution.status === 'RUNNING');
    return execution;
  };

  return { sfn, createFunction, createMachine, execute, stop };
};
