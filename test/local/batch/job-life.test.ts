import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CancelJobCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Harness, ROLE } from './harness.ts';

let batch: Harness;

beforeAll(async () => {
  // 60 s, the least time-out AWS takes, last 0.6 s; the 30 s before SIGKILL last 0.3 s.
  batch = await Harness.start({ timeScale: 100, maxConcurrentJobs: 8 });
  await batch.queue('cpu');
  await batch.definition(
    'shell',
    {
      environment: [
        { name: 'COLOUR', value: 'red' },
        { name: 'SIZE', value: 'one' },
      ],
      jobRoleArn: ROLE,
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/spotforge/stages', 'awslogs-stream-prefix': 'data' },
      },
    },
    { parameters: { greeting: 'hello', unused: 'x' } },
  );
});
afterAll(() => batch.stop());

const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z';
  } catch {
    return false;
  }
};

describe('the life of a job', () => {
  it('runs the command and ends SUCCEEDED with the exit code and the reason of AWS', async () => {
    const job = await batch.ended(await batch.submit('exit 0'));
    expect(job).toMatchObject({
      status: 'SUCCEEDED',
      statusReason: 'Essential container in task exited',
      container: { exitCode: 0 },
    });
    expect(job.attempts).toHaveLength(1);
  });

  it('ends FAILED with the exit code of the command', async () => {
    const job = await batch.ended(await batch.submit('exit 64'));
    expect(job).toMatchObject({
      status: 'FAILED',
      statusReason: 'Essential container in task exited',
      container: { exitCode: 64 },
    });
    expect(job.attempts?.[0]).toMatchObject({ container: { exitCode: 64 }, startedAt: job.startedAt, stoppedAt: job.stoppedAt });
  });

  it('reports a death by signal as 128 and the signal', async () => {
    expect((await batch.ended(await batch.submit('kill -9 $$'))).container?.exitCode).toBe(137);
  });

  it('sends one event per state, in order and none for the submission', async () => {
    const id = await batch.submit('exit 0');
    await eventually(() => batch.aws.statusesOf(id).includes('SUCCEEDED'), 'the last event');
    expect(batch.aws.statusesOf(id)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
  });

  it('answers the times of process start and exit as startedAt and stoppedAt everywhere', async () => {
    const id = await batch.submit('sleep 0.5', { jobName: 'timed-job' });
    const job = await batch.ended(id);
    const { attempts } = (await batch.control('attempts?jobName=timed-job')).body as { attempts: Record<string, number>[] };
    expect(attempts).toMatchObject([{ jobId: id, attempt: 1, startedAt: job.startedAt, stoppedAt: job.stoppedAt, exitCode: 0 }]);
    expect((job.stoppedAt ?? 0) - (job.startedAt ?? 0)).toBeGreaterThanOrEqual(300);
    const last = await eventually(
      () => batch.aws.events.find(({ detail }) => detail.jobId === id && detail.status === 'SUCCEEDED'),
      'the event',
    );
    expect(last.detail).toMatchObject({ startedAt: job.startedAt, stoppedAt: job.stoppedAt });
  });

  it('waits for the jobs it depends on, and fails with them', async () => {
    const first = await batch.submit('sleep 0.2');
    const second = await batch.submit('exit 0', { dependsOn: [{ jobId: first }] });
    expect((await batch.describe(second)).status).toMatch(/SUBMITTED|PENDING/);
    expect((await batch.ended(second)).startedAt).toBeGreaterThanOrEqual((await batch.describe(first)).stoppedAt ?? 0);
    await eventually(() => batch.aws.statusesOf(second).includes('SUCCEEDED'), 'the events');
    expect(batch.aws.statusesOf(second)[0]).toBe('PENDING');
    const failing = await batch.submit('sleep 0.1; exit 1');
    const hopeless = await batch.ended(await batch.submit('exit 0', { dependsOn: [{ jobId: failing }] }));
    expect(hopeless).toMatchObject({ status: 'FAILED', statusReason: 'Dependent Job failed' });
  });
});

describe('the environment of a job', () => {
  it('is the image’s, the container’s over it, the overrides over that, and what the platform sets; nothing of the executor’s own', async () => {
    process.env.EXECUTOR_SECRET = 'never';
    const id = await batch.submit('env | sort; pwd', { containerOverrides: { environment: [{ name: 'SIZE', value: 'two' }] } });
    await batch.ended(id);
    const lines = await batch.logOf(id, 'PWD=');
    const environment = Object.fromEntries(
      lines.filter((line) => line.includes('=')).map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
    );
    expect(environment).toMatchObject({
      SHADE: 'of the image',
      COLOUR: 'red',
      SIZE: 'two',
      AWS_BATCH_JOB_ID: id,
      AWS_BATCH_JQ_NAME: 'cpu',
      AWS_BATCH_CE_NAME: 'cpu',
      AWS_BATCH_JOB_ATTEMPT: '1',
      AWS_ENDPOINT_URL: batch.aws.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      PYTHONPATH: '/opt/one:/opt/two',
      LANG: 'C.UTF-8',
    });
    expect(environment.PATH).toMatch(/:\/usr\/local\/bin:\/usr\/bin:\/bin$/);
    expect(environment.AWS_CONTAINER_CREDENTIALS_FULL_URI).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
    expect(environment.HOME).toBe(environment.TMPDIR);
    const known =
      /^(SHADE|COLOUR|SIZE|AWS_(BATCH|CONTAINER|EC2|ENDPOINT|REGION|DEFAULT).*|PATH|PYTHONPATH|LANG|HOME|TMPDIR|PWD|OLDPWD|SHLVL|_)$/;
    expect(Object.keys(environment).filter((name) => !known.test(name))).toEqual([]);
    expect(JSON.stringify(lines)).not.toMatch(/ROOTKEY|root-secret|never/);
    await eventually(() => !existsSync(environment.HOME ?? ''), 'the scratch directory to go');
  });

  it('has Ref:: in the command replaced by parameters, the submission’s before the definition’s', async () => {
    const id = await batch.submit('', {
      parameters: { name: 'world' },
      containerOverrides: { command: ['sh', '-c', 'echo "Ref::greeting Ref::name Ref::missing"'] },
    });
    expect(await batch.logOf(id, 'world')).toContain('hello world Ref::missing');
  });
});

describe('ending a job', () => {
  it('TerminateJob sends SIGTERM and fails the job with the given reason, whatever its exit code', async () => {
    const id = await batch.submit('trap "exit 0" TERM; echo up; while :; do sleep 0.02; done');
    await batch.logOf(id, 'up');
    await batch.client.send(new TerminateJobCommand({ jobId: id, reason: 'Stage.Hung: no progress' }));
    const job = await batch.ended(id);
    expect(job).toMatchObject({
      status: 'FAILED',
      statusReason: 'Stage.Hung: no progress',
      isTerminated: true,
      container: { exitCode: 0 },
    });
    await batch.client.send(new TerminateJobCommand({ jobId: id, reason: 'again' }));
    expect((await batch.describe(id)).statusReason).toBe('Stage.Hung: no progress');
  });

  it('a job that ignores SIGTERM is killed after the grace, with all it started, even what left its group', async () => {
    const id = await batch.submit(
      'trap "" TERM; node -e \'require("node:child_process").spawn("sleep",["61"],{detached:true,stdio:"ignore"}).unref()\'; sleep 60 & echo up; wait; sleep 60',
    );
    await batch.logOf(id, 'up');
    await batch.client.send(new TerminateJobCommand({ jobId: id, reason: 'enough' }));
    expect(await batch.ended(id)).toMatchObject({ statusReason: 'enough', container: { exitCode: 137 } });
    const marked = () =>
      readdirSync('/proc').filter((pid) => {
        try {
          return isAlive(Number(pid)) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(id);
        } catch {
          return false;
        }
      });
    await eventually(() => marked().length === 0, 'every process of the job to be gone');
  });

  it('a job that has no host yet fails at once, by TerminateJob and by CancelJob', async () => {
    const first = await batch.submit('sleep 0.5');
    for (const [Command, flag] of [
      [TerminateJobCommand, 'isTerminated'],
      [CancelJobCommand, 'isCancelled'],
    ] as const) {
      const waiting = await batch.submit('exit 0', { dependsOn: [{ jobId: first }] });
      await batch.client.send(new Command({ jobId: waiting, reason: 'not wanted' }));
      expect(await batch.describe(waiting)).toMatchObject({
        status: 'FAILED',
        statusReason: 'not wanted',
        [flag]: true,
        attempts: [],
      });
    }
    await batch.ended(first);
  });

  it('CancelJob leaves a running job alone', async () => {
    const id = await batch.submit('sleep 0.3');
    await batch.until(id, 'RUNNING');
    await batch.client.send(new CancelJobCommand({ jobId: id, reason: 'too late' }));
    expect(await batch.ended(id)).toMatchObject({ status: 'SUCCEEDED', isCancelled: false });
  });

  it('an attempt that lasts longer than its time-out is ended, and not retried', async () => {
    const job = await batch.ended(
      await batch.submit('sleep 60', { timeout: { attemptDurationSeconds: 60 }, retryStrategy: { attempts: 3 } }),
    );
    expect(job).toMatchObject({
      status: 'FAILED',
      statusReason: 'Job attempt duration exceeded timeout',
      container: { exitCode: 143 },
    });
    expect(job.attempts).toHaveLength(1);
  });

  it('a job that takes more memory than it asked for is killed as out of memory', async () => {
    const hungry = 'node -e "const a=[];setInterval(()=>a.push(Buffer.alloc(20e6,1)),10)" & wait';
    const id = await batch.submit(hungry, { containerOverrides: { resourceRequirements: [{ type: 'MEMORY', value: '150' }] } });
    const reason = 'OutOfMemoryError: Container killed due to memory usage';
    expect(await batch.ended(id)).toMatchObject({
      status: 'FAILED',
      container: { exitCode: 137, reason },
      attempts: [{ container: { reason } }],
    });
  });

  it('an image that nobody has fails the job before it starts', async () => {
    await batch.definition('unknown-image', { image: 'ghcr.io/some/body:2' });
    const job = await batch.ended(await batch.submit('exit 0', { jobDefinition: 'unknown-image' }));
    expect(job).toMatchObject({ status: 'FAILED', statusReason: expect.stringMatching(/^CannotPullContainerError: /) });
    expect(job.container?.reason).toMatch(/^CannotPullContainerError: .*some\/body:2/);
    expect(job.startedAt).toBeUndefined();
  });

  it('a command that does not exist fails the job with exit code 127', async () => {
    const job = await batch.ended(await batch.submit('', { containerOverrides: { command: ['no-such-program'] } }));
    expect(job).toMatchObject({
      status: 'FAILED',
      container: { exitCode: 127, reason: expect.stringContaining('executable file not found') },
    });
  });

  it('a role that cannot be assumed fails the job and names the role', async () => {
    const role = 'arn:aws:iam::000000000000:role/foreign';
    batch.aws.refusedRoles.add(role);
    await batch.definition('foreign-role', { jobRoleArn: role });
    const job = await batch.ended(await batch.submit('exit 0', { jobDefinition: 'foreign-role' }));
    expect(job.statusReason).toMatch(/^ECS was unable to assume the role 'arn:aws:iam::000000000000:role\/foreign'/);
  });
});

describe('retries', () => {
  it('run a failed attempt again on a new host until the attempts are used up', async () => {
    const id = await batch.submit('exit $AWS_BATCH_JOB_ATTEMPT', { retryStrategy: { attempts: 2 } });
    const job = await batch.ended(id);
    expect(job.attempts?.map((attempt) => attempt.container?.exitCode)).toEqual([1, 2]);
    expect(new Set(job.attempts?.map((attempt) => attempt.container?.taskArn)).size).toBe(2);
    await eventually(() => batch.aws.statusesOf(id).includes('FAILED'), 'the last event');
    expect(batch.aws.statusesOf(id)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'RUNNABLE', 'STARTING', 'RUNNING', 'FAILED']);
  });

  it('stop at the first evaluateOnExit rule that says EXIT', async () => {
    const retryStrategy = { attempts: 3, evaluateOnExit: [{ onExitCode: '6*', action: 'EXIT' as const }] };
    expect((await batch.ended(await batch.submit('exit 65', { retryStrategy }))).attempts).toHaveLength(1);
  });
});

describe('logs', () => {
  it('reach the definition’s group, stream prefix/default/task, whole lines only, and a file', async () => {
    const id = await batch.submit('printf "grü"; sleep 0.1; printf "n\\nlast without end"; echo oops >&2');
    const job = await batch.ended(id);
    const lines = await batch.logOf(id, 'last without end');
    expect(lines.toSorted()).toEqual(['grün', 'last without end', 'oops']);
    const task = job.container?.taskArn?.split('/').at(-1);
    expect(job.container?.logStreamName).toBe(`data/default/${task}`);
    expect([...batch.aws.logs.keys()]).toContain(`/spotforge/stages data/default/${task}`);
    expect(readFileSync(join(batch.state, 'jobs', id, 'log.txt'), 'utf8')).toContain('grün\n');
  });

  it('go to /aws/batch/job, made on demand, when the definition names no group', async () => {
    await batch.definition('plain');
    const id = await batch.submit('echo here', { jobDefinition: 'plain' });
    await batch.logOf(id, 'here');
    expect((await batch.describe(id)).container?.logStreamName).toMatch(/^plain\/default\/[0-9a-f]{32}$/);
    expect(batch.aws.groups).toContain('/aws/batch/job');
  });

  it('a group that does not exist costs the stream, never the job', async () => {
    await batch.definition('lost-log', {
      logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/not/there' } },
    });
    const id = await batch.submit('echo here', { jobDefinition: 'lost-log' });
    expect((await batch.ended(id)).status).toBe('SUCCEEDED');
    await eventually(() => batch.messages.some((message) => message.includes('/not/there')), 'a message');
  });
});
