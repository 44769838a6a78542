import { EXIT_CODES, type StageError } from '../../../../functions/shared/contracts/names.ts';

/** What becomes of an attempt, and what that is called by the table of the design; `succeeded` for none of its errors. */
export type Ending = {
  /** When it ends: still waiting for a host, while it starts, or while it runs; `never` when somebody has to end it. */
  when: 'waiting' | 'starting' | 'running' | 'never';
  means: StageError | 'succeeded';
  statusReason?: string;
  reason?: string;
  exitCode?: number;
  /** What lies in the attempt's folder in the end. */
  result?: 'good' | 'torn' | 'of another attempt' | 'reports a broken contract';
  /** What the process tells while it stands still: `nothing`, or that it is alive. */
  hangs?: 'silently' | 'alive';
  /** Why it is never given a host: AWS has none, or jobs of others fill the environment. */
  waitsFor?: 'a machine' | 'others';
};

const PLAIN = 'Essential container in task exited';
const ran = (means: Ending['means'], exitCode: number, more: Partial<Ending> = {}): Ending => ({
  when: 'running',
  means,
  exitCode,
  statusReason: PLAIN,
  ...more,
});
const neverRan = (when: 'waiting' | 'starting', means: StageError, statusReason: string, reason?: string): Ending => ({
  when,
  means,
  statusReason,
  ...(reason ? { reason } : {}),
});
const cancelledByBatch = (why: string): string => `Canceled by JobStateTimeLimit action due to reason: ${why}`;

export const GOOD: Ending = ran('succeeded', 0, { result: 'good' });

/** One of every kind of the table, in the words of AWS's documentation (test/fixtures/aws/batch-failures has their sources). */
export const MISHAPS: Readonly<Record<string, Ending>> = {
  'its host is reclaimed': ran('Stage.Interrupted', 137, { statusReason: 'Host EC2 (instance i-0123456789abcdef0) terminated.' }),
  'its host is reclaimed after it kept its result': ran('Stage.Interrupted', 137, {
    statusReason: 'Host EC2 (instance i-0123456789abcdef0) terminated.',
    result: 'good',
  }),
  'it exits 75 after a spot notice': ran('Stage.Interrupted', EXIT_CODES.interrupted),
  'it is killed without a word': ran('Stage.Interrupted', 137),
  'it is asked to end without a word': ran('Stage.Interrupted', 143),
  'there is no capacity': neverRan(
    'waiting',
    'Stage.CapacityUnavailable',
    cancelledByBatch('CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY'),
  ),
  'its environment is too small': neverRan(
    'waiting',
    'Stage.Misconfigured',
    cancelledByBatch('MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE'),
  ),
  'it has no memory left': ran('Stage.OutOfMemory', 137, { reason: 'OutOfMemoryError: Container killed due to memory usage' }),
  'the GPU has no memory left': ran('Stage.OutOfMemory', EXIT_CODES.outOfMemory),
  'its image cannot be pulled': neverRan(
    'starting',
    'Stage.Infrastructure',
    'Task failed to start',
    'CannotPullContainerError: API error (500): request canceled while waiting for connection',
  ),
  'its disk is full': ran('Stage.Infrastructure', EXIT_CODES.infrastructure),
  'it takes too long': ran('Stage.TimedOut', 137, { statusReason: 'Job attempt duration exceeded timeout' }),
  'its input is invalid': ran('Stage.InvalidInput', EXIT_CODES.invalidInput),
  'it diverges': ran('Stage.Diverged', EXIT_CODES.diverged),
  'the gate rejects it': ran('Stage.GateRejected', EXIT_CODES.gateRejected),
  'it exits 0 without a result': ran('Stage.ContractBroken', 0),
  'it exits 0 with a torn result': ran('Stage.ContractBroken', 0, { result: 'torn' }),
  "it exits 0 with another attempt's result": ran('Stage.ContractBroken', 0, { result: 'of another attempt' }),
  'it finds the contract broken': ran('Stage.ContractBroken', 1, { result: 'reports a broken contract' }),
  'it crashes': ran('Stage.Failed', 1),
  'it crashes after it kept its result': ran('Stage.Failed', 1, { result: 'good' }),
  'there is no machine and nobody says so': { when: 'never', means: 'Stage.CapacityUnavailable', waitsFor: 'a machine' },
  'others fill its environment for hours': { when: 'never', means: 'Stage.TimedOut', waitsFor: 'others' },
  'it hangs without a word': { when: 'never', means: 'Stage.Hung', hangs: 'silently' },
  'it hangs and says that it is alive': { when: 'never', means: 'Stage.Hung', hangs: 'alive' },
};
