import type { ExperimentStatus } from '../shared/contracts/experiment-view.ts';
import { EXIT_CODES, STAGE_ERRORS, type StageError } from '../shared/contracts/names.ts';
import { REMEDIES } from './failure-remedies.ts';
import type { JobView } from './job-view.ts';
import type { JudgedResult } from './stage-result.ts';

export type EndedJob = Pick<JobView, 'status' | 'statusReason' | 'exitCode' | 'reason' | 'stacks'>;

/** What a failed attempt means and what follows. `end`: nobody waits for an answer any more. */
export type FailureDecision = {
  error: StageError;
  action: 'again' | 'fail' | 'reject' | 'end';
  rung: number;
  microBatchDivisor: number;
  delaySeconds: number;
  message: string;
  where: string | null;
  remedy: string;
  diagnostics: string[];
};

export type FailureQuestion = {
  status: ExperimentStatus;
  job: EndedJob;
  result: JudgedResult;
  /** How the earlier attempts of this run and stage ended, oldest first. */
  earlier: readonly StageError[];
  /** Attempts that hosts, capacity and hangs may cost together: `compute.maxAttempts`. */
  maxAttempts: number;
  /** Queues on this stage's ladder. */
  rungs: number;
};

/** One more try with smaller micro-batches: a second out-of-memory at half the size will not be cured by a third. */
const MEMORY_ATTEMPTS = 2;
/** Three attempts bridge a registry or a service that is away for a minute; the stage itself has waited 120 s before it exits 74. */
const INFRASTRUCTURE_ATTEMPTS = 3;
/** 10 s, then 40 s: most pull and agent errors clear within a minute, and a queue's host needs about one to be replaced. */
const BACKOFF_SECONDS = 10;
const BACKOFF_FACTOR = 4;

/** Errors that share the budget of `maxAttempts` and climb the ladder. */
export const CLIMBING: readonly StageError[] = ['Stage.Interrupted', 'Stage.CapacityUnavailable', 'Stage.Hung'];

/** What ECS says when a container ran but was ended without more to tell. */
const PLAIN_EXIT = /^Essential container in task exited/;
const CAPACITY = /\bCAPACITY:/;
const MISCONFIGURATION = /\bMISCONFIGURATION:/;
const ATTEMPT_DURATION = /^Job attempt duration exceeded timeout/;
const HOST_OR_AGENT = new RegExp(
  '\\b(CannotPull\\w*|Cannot(Start|Create|Stop|Inspect)Container\\w*|CannotCreateVolume\\w*|DockerTimeoutError|DockerStateError|' +
    'ContainerRuntime\\w*Error|ResourceInitializationError|InternalError|TaskFailedToStart|HostConfigError)\\b|' +
    '^Task failed to start|^Container instance deregistration|\\bAGENT\\b',
);

type Seen = { status: ExperimentStatus; job: EndedJob; result: JudgedResult };

/** Our own TerminateJob reasons start with the error's name and a colon. */
export const namedByUs = (statusReason: string): StageError | undefined =>
  STAGE_ERRORS.find((error) => statusReason === error || statusReason.startsWith(`${error}:`));

const saysNothing = ({ statusReason, reason }: EndedJob): boolean => !reason && (!statusReason || PLAIN_EXIT.test(statusReason));

/** The table of what a failed attempt was; the first that matches. */
const classify = ({ status, job, result }: Seen): StageError => {
  const { exitCode } = job;
  const statusReason = job.statusReason ?? '';
  const reason = job.reason ?? '';
  const named = namedByUs(statusReason);
  const rules: readonly [boolean, StageError][] = [
    [status === 'cancelling' || status === 'cancelled', 'Stage.Cancelled'],
    [named !== undefined, named ?? 'Stage.Failed'],
    [statusReason.startsWith('Host EC2'), 'Stage.Interrupted'],
    [CAPACITY.test(statusReason), 'Stage.CapacityUnavailable'],
    [MISCONFIGURATION.test(statusReason), 'Stage.Misconfigured'],
    [ATTEMPT_DURATION.test(statusReason), 'Stage.TimedOut'],
    [reason.startsWith('OutOfMemoryError') || exitCode === EXIT_CODES.outOfMemory, 'Stage.OutOfMemory'],
    [
      HOST_OR_AGENT.test(reason) || HOST_OR_AGENT.test(statusReason) || exitCode === EXIT_CODES.infrastructure,
      'Stage.Infrastructure',
    ],
    [exitCode === EXIT_CODES.interrupted, 'Stage.Interrupted'],
    [exitCode === EXIT_CODES.invalidInput, 'Stage.InvalidInput'],
    [exitCode === EXIT_CODES.diverged, 'Stage.Diverged'],
    [exitCode === EXIT_CODES.gateRejected, 'Stage.GateRejected'],
    [(exitCode === 0 || job.status === 'SUCCEEDED') && result.verdict !== 'succeeded', 'Stage.ContractBroken'],
    [(exitCode === 137 || exitCode === 143) && saysNothing(job), 'Stage.Interrupted'],
    // A stage that found the contract broken (by an earlier stage, say) has no exit code of its own for it.
    [result.verdict === 'failed' && result.report.name === 'Stage.ContractBroken', 'Stage.ContractBroken'],
  ];
  return rules.find(([matches]) => matches)?.[1] ?? 'Stage.Failed';
};

const count = (errors: readonly StageError[], of: readonly StageError[]): number =>
  errors.filter((error) => of.includes(error)).length;

/** Whether the budget of this error allows another attempt; `spent` includes the attempt that just ended. */
const mayTryAgain = (error: StageError, spent: readonly StageError[], maxAttempts: number): boolean => {
  if (CLIMBING.includes(error)) return count(spent, CLIMBING) < maxAttempts;
  if (error === 'Stage.OutOfMemory') return count(spent, [error]) < MEMORY_ATTEMPTS;
  if (error === 'Stage.Infrastructure') return count(spent, [error]) < INFRASTRUCTURE_ATTEMPTS;
  return false;
};

/** Rung and divisor follow from the history alone, so that nothing has to be carried from attempt to attempt. */
export const settingsAfter = (errors: readonly StageError[], rungs: number): { rung: number; microBatchDivisor: number } => ({
  rung: Math.min(count(errors, CLIMBING), Math.max(rungs - 1, 0)),
  microBatchDivisor: 2 ** count(errors, ['Stage.OutOfMemory']),
});

const actionOf = (error: StageError, again: boolean): FailureDecision['action'] => {
  if (error === 'Stage.Cancelled') return 'end';
  if (error === 'Stage.GateRejected') return 'reject';
  return again ? 'again' : 'fail';
};

const happened = (error: StageError, { job, result }: Seen): string => {
  if (error === 'Stage.ContractBroken')
    return `The stage ended without an error, but ${result.verdict === 'unusable' ? result.because : 'its result.json reports a failure'}.`;
  const ours = (job.statusReason ?? '').startsWith(`${error}: `);
  return ours ? (job.statusReason ?? '').slice(error.length + 2) : describe(job);
};

/** What the task says and what its container says: two things, unless the task only says that the container ended. */
export const accountOf = ({ reason, statusReason }: Pick<JobView, 'reason' | 'statusReason'>): string => {
  const ofTask = reason && PLAIN_EXIT.test(statusReason ?? '') ? null : statusReason;
  return [ofTask, reason].filter((text) => text).join(': ');
};

const describe = (job: EndedJob): string => {
  const { exitCode } = job;
  const told = accountOf(job);
  const code = exitCode === null ? 'without an exit code' : `with exit code ${exitCode}`;
  return told ? `The attempt ended ${code}: ${told}` : `The attempt ended ${code}.`;
};

/** Decides what a failed attempt means and what follows. Pure; the budgets hold in whatever order the failures come. */
export const decideFailure = ({ status, job, result, earlier, maxAttempts, rungs }: FailureQuestion): FailureDecision => {
  const seen = { status, job, result };
  const error = classify(seen);
  const spent = [...earlier, error];
  const again = mayTryAgain(error, spent, maxAttempts);
  // The stage's own account is the better one where it tells of the same error.
  const report = result.verdict === 'failed' && result.report.name === error ? result.report : undefined;
  return {
    error,
    action: actionOf(error, again),
    ...settingsAfter(again ? spent : earlier, rungs),
    delaySeconds: again && error === 'Stage.Infrastructure' ? BACKOFF_SECONDS * BACKOFF_FACTOR ** (count(spent, [error]) - 1) : 0,
    message: (report?.message ?? happened(error, seen)).slice(0, 2000),
    where: report?.where ?? null,
    remedy: report?.remedy ?? REMEDIES[error],
    diagnostics: [...(report?.diagnostics ?? []), ...(job.stacks ? [job.stacks] : [])],
  };
};
