import type { BatchClient, JobDetail } from '@aws-sdk/client-batch';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionInput } from '../../../../functions/shared/contracts/experiment-spec.ts';
import {
  ATTEMPT_DOCUMENTS,
  type AttemptId,
  executionName,
  keys,
  STAGES,
  type Stage,
} from '../../../../functions/shared/contracts/names.ts';
import type { FailureCause, StageManifest } from '../../../../functions/shared/contracts/stage-documents.ts';
import { isEnded } from '../../../../functions/stages/job-view.ts';
import { JOB_DEFINITIONS } from '../../an-experiment.ts';
import type { Gate } from '../../memory-table.ts';
import { aResult } from '../../stages/a-job.ts';
import { detailOf, QUEUE } from '../../stages/an-observer.ts';

/** How a run ends if nobody interferes: at this stage with this exit code, or with success. */
export type Plan = { stage: Stage; exitCode: 64 | 66 | 75 } | undefined;

type Job = { at: AttemptId; detail: JobDetail; token: string; terminating?: string };
export type Execution = {
  input: ExecutionInput;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  inputs: Partial<Record<Stage, string>>;
  token?: string | undefined;
  /** A failure that is being recorded before the execution ends. */
  recording?: { stage: Stage; attempt: number; error: string; cause: string } | undefined;
};
export type Happening = { job: JobDetail } | { execution: { name: string; status: string } } | { progress: AttemptId };

const BUCKET = 'experiments';
const aws = (name: string): Error => Object.assign(new Error(name), { name });

/** AWS as far as experiments use it: Batch, Step Functions with the experiment's state machine, S3 and what they send to the bus. */
export class Account {
  readonly executions = new Map<string, Execution>();
  readonly jobs: Job[] = [];
  /** Sent, and not yet delivered. */
  readonly bus: Happening[] = [];
  /** Names of executions that were started twice with different inputs, or told of by a run that was not theirs: must stay empty. */
  readonly violations: string[] = [];
  private readonly objects = new Map<string, string>();
  private readonly plans: readonly Plan[];
  private readonly call: Gate;
  private readonly now: () => Date;

  constructor(plans: readonly Plan[], call: Gate, now: () => Date) {
    this.plans = plans;
    this.call = call;
    this.now = now;
  }

  readonly bucket = BUCKET;

  planOf = (run: number): Plan => this.plans[run - 1];

  put(key: string, document: unknown): void {
    this.objects.set(key, JSON.stringify(document));
  }

  private client<C>(answers: Record<string, (input: never) => object>): C {
    const send = (command: { constructor: { name: string }; input: never }): Promise<object> => {
      const { name } = command.constructor;
      return this.call(name, () => {
        const answer = answers[name];
        if (!answer) throw new Error(`${name} is not played`);
        return answer(command.input);
      });
    };
    return { send } as C;
  }

  get s3(): S3Client {
    return this.client<S3Client>({
      GetObjectCommand: ({ Key }: { Key: string }) => {
        const text = this.objects.get(Key);
        if (text === undefined) throw aws('NoSuchKey');
        return { Body: { transformToString: async () => text } };
      },
      ListObjectsV2Command: ({ Prefix }: { Prefix: string }) => ({
        Contents: [...this.objects].flatMap(([Key, text]) => (Key.startsWith(Prefix) ? [{ Key, Size: text.length }] : [])),
      }),
    });
  }

  get batch(): BatchClient {
    const details = (wanted: (job: Job) => boolean): JobDetail[] => this.jobs.filter(wanted).map(({ detail }) => ({ ...detail }));
    return this.client<BatchClient>({
      ListJobsCommand: ({ filters, jobStatus }: { filters?: { values: string[] }[]; jobStatus?: string }) => {
        const prefix = filters?.[0]?.values[0]?.replace('*', '');
        return {
          jobSummaryList: details(({ detail }) =>
            prefix ? detail.jobName?.startsWith(prefix) === true : detail.status === jobStatus,
          ),
        };
      },
      DescribeJobsCommand: ({ jobs }: { jobs: string[] }) => ({
        jobs: details(({ detail }) => jobs.includes(detail.jobId ?? '')),
      }),
      TerminateJobCommand: ({ jobId, reason }: { jobId: string; reason: string }) => {
        const job = this.jobs.find(({ detail }) => detail.jobId === jobId);
        if (job && this.isAlive(job)) job.terminating ??= reason;
        return {};
      },
      DescribeJobDefinitionsCommand: () => ({
        jobDefinitions: Object.values(JOB_DEFINITIONS).map((jobDefinitionArn) => ({ jobDefinitionArn, status: 'ACTIVE' })),
      }),
      DescribeJobQueuesCommand: () => ({ jobQueues: [{ jobQueueArn: QUEUE, state: 'ENABLED', status: 'VALID' }] }),
    });
  }

  get stepFunctions(): SFNClient {
    const named = (arn: string): Execution => {
      const execution = this.executions.get(arn.slice(arn.lastIndexOf(':') + 1));
      if (!execution) throw aws('ExecutionDoesNotExist');
      return execution;
    };
    const waitingFor = (token: string): Execution => {
      const execution = [...this.executions.values()].find((candidate) => candidate.token === token);
      if (execution?.status !== 'RUNNING') throw aws('TaskTimedOut');
      return execution;
    };
    return this.client<SFNClient>({
      StartExecutionCommand: ({ name, input }: { name: string; input: string }) => {
        const known = this.executions.get(name);
        if (known && JSON.stringify(known.input) !== input) this.violations.push(`${name} was started with two inputs`);
        if (known) throw aws('ExecutionAlreadyExists');
        const parsed = JSON.parse(input) as ExecutionInput;
        const execution: Execution = { input: parsed, status: 'RUNNING', inputs: parsed.inputs };
        this.executions.set(name, execution);
        this.tell(execution);
        this.goOn(execution);
        return {};
      },
      StopExecutionCommand: ({ executionArn }: { executionArn: string }) => {
        this.stop(named(executionArn));
        return {};
      },
      DescribeExecutionCommand: ({ executionArn }: { executionArn: string }) => ({ status: named(executionArn).status }),
      SendTaskSuccessCommand: ({ taskToken, output }: { taskToken: string; output: string }) => {
        const execution = waitingFor(taskToken);
        const stage = this.jobOf(taskToken).at.stage;
        execution.inputs = { ...execution.inputs, [stage]: (JSON.parse(output) as { manifest: string }).manifest };
        this.goOn(execution);
        return {};
      },
      SendTaskFailureCommand: ({ taskToken, error, cause }: { taskToken: string; error: string; cause: string }) => {
        const execution = waitingFor(taskToken);
        const { stage, attempt } = this.jobOf(taskToken).at;
        if ((JSON.parse(cause) as FailureCause).action === 'again') this.submit(execution, stage, attempt + 1);
        else {
          execution.token = undefined;
          execution.recording = { stage, attempt, error, cause };
        }
        return {};
      },
    });
  }

  private jobOf = (token: string): Job => {
    const job = this.jobs.find((candidate) => candidate.token === token);
    if (!job) throw new Error(`no job has ${token}`);
    return job;
  };

  private tell({ input, status }: Execution): void {
    this.bus.push({ execution: { name: executionName(input.experimentId, input.run), status } });
  }

  private goOn(execution: Execution): void {
    const next = STAGES.find((stage) => execution.inputs[stage] === undefined);
    if (next) this.submit(execution, next, 1);
    else this.end(execution, 'SUCCEEDED');
  }

  private submit(execution: Execution, stage: Stage, attempt: number): void {
    const { experimentId, run } = execution.input;
    const at = { experimentId, run, stage, attempt };
    const token = `token-${run}-${stage}-${attempt}`;
    const detail = detailOf(at, { status: 'RUNNABLE', createdAt: this.now().getTime(), startedAt: null, taskToken: token });
    const job: Job = { at, token, detail: { ...detail, jobId: `job-${run}-${stage}-${attempt}` } };
    execution.token = token;
    this.jobs.push(job);
    this.bus.push({ job: { ...job.detail } });
  }

  end(execution: Execution, status: Execution['status']): void {
    if (execution.status !== 'RUNNING') return;
    execution.status = status;
    execution.token = undefined;
    execution.recording = undefined;
    this.tell(execution);
  }

  stop(execution: Execution): void {
    this.end(execution, 'ABORTED');
  }

  isAlive = ({ detail }: Pick<Job, 'detail'>): boolean => !isEnded({ status: detail.status ?? 'FAILED' });

  get alive(): Job[] {
    return this.jobs.filter(this.isAlive);
  }

  /** A stage finished: its manifest and result lie in its folder. */
  finish(at: AttemptId): void {
    const folder = keys.attempt(at);
    const outputs: StageManifest['outputs'] = [
      { name: 'report.json', bucket: BUCKET, key: `${folder}report.json`, bytes: 4, sha256: 'a'.repeat(64) },
    ];
    this.put(`${folder}report.json`, 1234);
    this.put(folder + ATTEMPT_DOCUMENTS.manifest, {
      ...{ schemaVersion: 1, ...at, gitSha: 'unknown', imageDigest: 'x', createdAt: this.now().toISOString() },
      ...{ inputs: [], outputs },
    });
    this.put(folder + ATTEMPT_DOCUMENTS.result, aResult(at).document);
  }

  /** A host does the next thing for one of the jobs that are alive. */
  work(which: number): void {
    const job = this.alive[which % this.alive.length];
    if (!job) return;
    const { at, detail, terminating } = job;
    const plan = this.planOf(at.run);
    const planned = plan?.stage === at.stage && (plan.exitCode !== 75 || at.attempt === 1) ? plan.exitCode : 0;
    if (terminating !== undefined)
      Object.assign(detail, { status: 'FAILED', statusReason: terminating, stoppedAt: this.now().getTime() });
    else if (detail.status === 'RUNNABLE') {
      Object.assign(detail, { status: 'RUNNING', startedAt: this.now().getTime() });
      this.bus.push({ progress: at });
    } else {
      if (planned === 0) this.finish(at);
      Object.assign(detail, {
        ...{ status: planned === 0 ? 'SUCCEEDED' : 'FAILED', statusReason: 'Essential container in task exited' },
        ...{ stoppedAt: this.now().getTime(), container: { ...detail.container, exitCode: planned } },
      });
      // What a process tells last may arrive long after its end.
      this.bus.push({ progress: at });
    }
    this.bus.push({ job: { ...detail } });
  }
}
