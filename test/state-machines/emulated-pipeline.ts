import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { parseJobName, STAGES, type Stage, type StageError } from '../../functions/shared/contracts/names.ts';
import type { FailureCause } from '../../functions/shared/contracts/stage-documents.ts';
import { timeoutSubstitution } from '../../lib/constructs/experiment-state-machine.ts';
import { definitionFile } from './definition-file.ts';
import { type BatchAnswer, type Body, emulatedStates } from './emulated-states.ts';

/** A job as the state machine submitted it. */
export type Submitted = { stage: Stage; attempt: number; queue: string; environment: Record<string, string> };
/** How an attempt ends: with a manifest, with a decided failure, not at all, or refused by Batch. */
export type Ending = 'succeeds' | 'never ends' | 'refused' | { error: StageError; cause: Partial<FailureCause> };
/** `gpuHeldFor`: how many looks find a GPU still held. */
export type Plan = Partial<Record<Stage, Ending[]>> & { gpuHeldFor?: number };

/** The experiment's definition on the emulator, its Lambdas that tell what they were given, and a Batch that ends its jobs as planned. */
export const emulatedPipeline = async () => {
  const plans = new Map<string, Plan>();
  const submitted = new Map<string, Submitted[]>();
  const calls = new Map<string, { called: string; event: Body }[]>();

  const submit = (job: Body): BatchAnswer => {
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

  const end = async (taskToken: string, ending: Exclude<Ending, string> | 'succeeds', job: Body) => {
    if (ending === 'succeeds')
      await states.sfn.send(
        new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ manifest: `s3://m/${String(job.jobName)}` }) }),
      );
    else {
      const cause = { action: 'fail', rung: 0, microBatchDivisor: 1, delaySeconds: 0, message: 'm', ...ending.cause };
      await states.sfn.send(new SendTaskFailureCommand({ taskToken, error: ending.error, cause: JSON.stringify(cause) }));
    }
  };

  const called = (name: string, event: Body): object => {
    const id = String(event.experimentId);
    const before = calls.get(id) ?? [];
    calls.set(id, [...before, { called: name, event }]);
    const looks = before.filter((call) => call.called === name).length;
    if (name === 'confirm-release') return { released: looks >= (plans.get(id)?.gpuHeldFor ?? 0) };
    return name === 'take-model-version' ? { version: 7 } : {};
  };

  const states = await emulatedStates({ batch: (_path, job) => submit(job), called });
  const arns = {
    ConfirmReleaseArn: await states.createFunction('confirm-release'),
    RecordFailureArn: await states.createFunction('record-failure'),
    TakeModelVersionArn: await states.createFunction('take-model-version'),
  };
  const machines = new Map<string, string>();
  /** The machine with this time-out for every stage. */
  const machineWith = async (timeoutSeconds: string): Promise<string> => {
    const known = machines.get(timeoutSeconds);
    if (known) return known;
    const timeouts = Object.fromEntries(STAGES.map((stage) => [timeoutSubstitution(stage), timeoutSeconds]));
    const definition = definitionFile('experiment').substituted({ ...arns, ...timeouts });
    const stateMachineArn = await states.createMachine(`experiment-${timeoutSeconds}`, definition);
    machines.set(timeoutSeconds, stateMachineArn);
    return stateMachineArn;
  };

  /** Runs one execution to its end. */
  const run = async (input: { experimentId: string; run: number }, plan: Plan, timeoutSeconds = '60') => {
    plans.set(input.experimentId, plan);
    const stateMachineArn = await machineWith(timeoutSeconds);
    const execution = await states.execute(stateMachineArn, `${input.experimentId}-r${input.run}`, input);
    return { execution, jobs: submitted.get(input.experimentId) ?? [], calls: calls.get(input.experimentId) ?? [] };
  };

  return { run, stop: states.stop };
};
