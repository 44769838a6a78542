import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { ExecutionInput } from '../../../../functions/shared/contracts/experiment-spec.ts';
import { STAGES, type Stage } from '../../../../functions/shared/contracts/names.ts';
import type { FailureCause } from '../../../../functions/shared/contracts/stage-documents.ts';
import type { ExecutionStatus } from '../../../../functions/stages/execution-view.ts';
import type { Chance } from './chance.ts';
import { TASK_SECONDS } from './limits.ts';
import type { Job } from './simulated-batch.ts';
import type { Call } from './simulated-table.ts';
import type { Timeline } from './timeline.ts';

/** An execution that has just been started or has just ended may be shown as it was before. */
const OUTDATED_SECONDS = 30;

export type FailedStage = { run: number; stage: Stage; attempt: number; error: string; cause: string };

/** What the state machine did with one attempt. */
export type Tried = { stage: Stage; attempt: number; job: Job; outcome: 'succeeded' | 'again' | 'given up' | undefined };

/** One execution of state-machines/experiment.asl.json. */
export type Execution = {
  name: string;
  run: number;
  status: ExecutionStatus;
  error: string | undefined;
  cause: string | undefined;
  startedAt: number;
  endedAt: number | undefined;
  input: ExecutionInput;
  stage: Stage;
  attempt: number;
  rung: number;
  divisor: number;
  inputs: Partial<Record<Stage, string>>;
  /** Of the task that waits; undefined between two tasks. */
  token: string | undefined;
  tried: Tried[];
  deleted: boolean;
};

export type Surroundings = {
  chance: Chance;
  timeline: Timeline;
  hazy: () => number;
  submit: (execution: Execution, token: string, again: boolean) => Job;
  statusChanged: (execution: Execution) => void;
  /** Invokes record-failure; answers when it is through or given up. */
  recordFailure: (failed: FailedStage, then: () => void) => void;
  log: (line: string) => void;
};

const aws = (name: string): Error => Object.assign(new Error(name), { name });

/** AWS Step Functions with the one state machine, whose rules are written out here. */
export class SimulatedStepFunctions {
  readonly executions: Execution[] = [];
  private tokens = 0;
  private readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  find(name: string): Execution | undefined {
    return this.executions.find((execution) => execution.name === name && !execution.deleted);
  }

  private start(name: string, input: ExecutionInput): void {
    if (this.find(name)) throw aws('ExecutionAlreadyExists');
    const execution: Execution = {
      name,
      run: input.run,
      status: 'RUNNING',
      error: undefined,
      cause: undefined,
      startedAt: this.around.timeline.now,
      endedAt: undefined,
      input,
      // Finished stages are the first ones: those after the first unfinished one run again.
      stage: STAGES.find((stage) => input.inputs[stage] === undefined) ?? 'bundle',
      attempt: 1,
      rung: 0,
      divisor: 1,
      inputs: { ...input.inputs },
      token: undefined,
      tried: [],
      deleted: false,
    };
    this.executions.push(execution);
    this.changed(execution);
    this.task(execution);
  }

  private changed(execution: Execution): void {
    this.around.log(
      `the execution ${execution.name.slice(31)} is ${execution.status}${execution.error ? `: ${execution.error}` : ''}`,
    );
    this.around.statusChanged(execution);
  }

  isRunning(execution: Execution): boolean {
    return execution.status === 'RUNNING' && !execution.deleted;
  }

  /** A stage's Task: SubmitJob with a new token, repeated by its Retry when the answer is lost. */
  private task(execution: Execution): void {
    const { timeline, chance, log } = this.around;
    const { stage, attempt } = execution;
    const name = `${execution.name.slice(31)}-${stage}-${attempt}`;
    const submit = (again: boolean): void => {
      const token = `token ${++this.tokens} of ${name}`;
      execution.token = token;
      const job = this.around.submit(execution, token, again);
      const tried = execution.tried.at(-1);
      if (again && tried) tried.job = job;
      else execution.tried.push({ stage, attempt, job, outcome: undefined });
      timeline.after(TASK_SECONDS, () => this.timeOut(execution, token), false);
    };
    submit(false);
    if (!chance.strikes(`the answer to SubmitJob of ${name} is lost`, this.around.hazy())) return;
    const first = execution.token;
    // Not at once: it takes a while to know that no answer comes, and two jobs of one moment could not be told apart.
    timeline.after(chance.between(0.05, 2, `${name} again`), () => {
      if (!this.isRunning(execution) || execution.token !== first) return;
      log(`${name} is submitted again`);
      submit(true);
    });
  }

  private timeOut(execution: Execution, token: string): void {
    if (!this.isRunning(execution) || execution.token !== token) return;
    this.giveUp(execution, 'States.Timeout', '');
  }

  private giveUp(execution: Execution, error: string, cause: string): void {
    execution.token = undefined;
    const tried = execution.tried.at(-1);
    if (tried) tried.outcome = 'given up';
    const { run, stage, attempt } = execution;
    this.around.recordFailure({ run, stage, attempt, error, cause }, () => this.end(execution, 'FAILED', error, cause));
  }

  end(execution: Execution, status: ExecutionStatus, error?: string, cause?: string): void {
    if (!this.isRunning(execution)) return;
    execution.token = undefined;
    execution.status = status;
    execution.error = error;
    execution.cause = cause;
    execution.endedAt = this.around.timeline.now;
    this.changed(execution);
  }

  /** Its state machine was deleted, and it with it. */
  remove(execution: Execution): void {
    execution.deleted = true;
    execution.token = undefined;
    this.around.log(`the execution ${execution.name.slice(31)} is deleted`);
  }

  /** The execution that waits with this token. */
  private waiting(token: string): Execution {
    const execution = this.executions.find((candidate) => candidate.token === token && this.isRunning(candidate));
    if (execution) return execution;
    throw aws(this.around.chance.pick(['TaskTimedOut', 'TaskDoesNotExist'], token));
  }

  private succeed(token: string, output: string): void {
    const execution = this.waiting(token);
    const { stage } = execution;
    const tried = execution.tried.at(-1);
    if (tried) tried.outcome = 'succeeded';
    const { manifest } = JSON.parse(output) as { manifest: string };
    execution.inputs[stage] = manifest;
    execution.token = undefined;
    const next = STAGES[STAGES.indexOf(stage) + 1];
    if (!next) {
      this.end(execution, 'SUCCEEDED');
      return;
    }
    Object.assign(execution, { stage: next, attempt: 1, rung: 0, divisor: 1 });
    this.task(execution);
  }

  private fail(token: string, error: string, cause: string): void {
    const execution = this.waiting(token);
    const { action, rung, microBatchDivisor, delaySeconds } = JSON.parse(cause) as FailureCause;
    const tried = execution.tried.at(-1);
    if (action !== 'again') {
      this.giveUp(execution, error, cause);
      return;
    }
    if (tried) tried.outcome = 'again';
    execution.token = undefined;
    this.around.timeline.after(delaySeconds, () => {
      if (!this.isRunning(execution)) return;
      Object.assign(execution, { attempt: execution.attempt + 1, rung, divisor: microBatchDivisor });
      this.task(execution);
    });
  }

  private describe(name: string, who: string): object {
    const { chance, timeline, hazy } = this.around;
    const execution = this.find(name);
    if (!execution) throw aws('ExecutionDoesNotExist');
    const young = (since: number): boolean => timeline.now - since < OUTDATED_SECONDS * 1000;
    if (young(execution.startedAt) && chance.strikes(`${who}: DescribeExecution does not know it yet`, hazy()))
      throw aws('ExecutionDoesNotExist');
    const { status, error, cause, endedAt } = execution;
    if (endedAt !== undefined && young(endedAt) && chance.strikes(`${who}: DescribeExecution is outdated`, hazy()))
      return { status: 'RUNNING' };
    return { status, error, cause };
  }

  private send(command: unknown, who: string, call: Call): Promise<unknown> {
    if (command instanceof SendTaskSuccessCommand) {
      const { taskToken = '', output = '' } = command.input;
      return call(`SendTaskSuccess ${taskToken}`, () => this.succeed(taskToken, output));
    }
    if (command instanceof SendTaskFailureCommand) {
      const { taskToken = '', error = '', cause = '' } = command.input;
      return call(`SendTaskFailure ${taskToken} ${error}`, () => this.fail(taskToken, error, cause));
    }
    if (command instanceof DescribeExecutionCommand) {
      const name = command.input.executionArn?.split(':').at(-1) ?? '';
      return call('DescribeExecution', () => this.describe(name, who));
    }
    if (command instanceof StartExecutionCommand) {
      const { name = '', input = '{}' } = command.input;
      return call('StartExecution', () => this.start(name, JSON.parse(input) as ExecutionInput));
    }
    if (command instanceof StopExecutionCommand) {
      const name = command.input.executionArn?.split(':').at(-1) ?? '';
      return call('StopExecution', () => {
        const execution = this.find(name);
        if (!execution) throw aws('ExecutionDoesNotExist');
        this.end(execution, 'ABORTED', command.input.error, command.input.cause);
      });
    }
    throw new Error('a call of Step Functions that the simulation does not know');
  }

  /** The client of one invocation. */
  client(call: Call, who: string, reports: (token: string) => void): SFNClient {
    const send = (command: unknown): Promise<unknown> => {
      if (command instanceof SendTaskSuccessCommand || command instanceof SendTaskFailureCommand)
        reports(command.input.taskToken ?? '');
      return this.send(command, who, call);
    };
    return { send } as unknown as SFNClient;
  }
}
