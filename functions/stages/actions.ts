import type { ExperimentView, FailureView } from '../shared/contracts/experiment-view.ts';
import type { AttemptId, StageError } from '../shared/contracts/names.ts';
import type { StageProgress } from '../shared/contracts/stage-documents.ts';
import type { JobView } from './job-view.ts';
import type { FailureDecision } from './stage-failure.ts';

export type Bundle = NonNullable<ExperimentView['bundle']>;

/** What has to be done. Each may be carried out twice, or by two at once, with the same outcome. */
export type Action =
  /** Keep what Batch says of an attempt. */
  | { type: 'WriteAttempt'; job: JobView; error: StageError | null; rung: number; microBatchDivisor: number }
  /** Move the experiment to this attempt. */
  | { type: 'EnterAttempt'; at: AttemptId; queue: string }
  /** Tell that its process has started. */
  | { type: 'NoteStarted'; at: AttemptId }
  | { type: 'BeginRunning'; run: number }
  | { type: 'BeginCancelling'; run: number; message: string }
  /** Keep a stage's figures and winning manifest. */
  | { type: 'KeepResult'; at: AttemptId; manifest: string; summary: object }
  /** Keep how an attempt failed; the experiment's failure when nothing follows. */
  | { type: 'KeepFailure'; at: AttemptId; decision: FailureDecision }
  | { type: 'CompleteTask'; at: AttemptId; jobId: string; taskToken: string; manifest: string }
  | { type: 'FailTask'; at: AttemptId; jobId: string; taskToken: string; decision: FailureDecision }
  | { type: 'StartExecution'; run: number }
  | { type: 'StopExecution'; run: number }
  | { type: 'TerminateJob'; jobId: string; reason: string }
  /** End a job only if it has not started. */
  | { type: 'CancelJob'; jobId: string; reason: string }
  | { type: 'StartWaiting'; at: AttemptId; reason: string; since: string }
  | { type: 'StopWaiting'; at: AttemptId }
  | { type: 'KeepProgress'; progress: StageProgress }
  | { type: 'Close'; run: number; status: 'succeeded'; bundle: Bundle | null }
  | { type: 'Close'; run: number; status: 'failed' | 'rejected'; failure: FailureView }
  | { type: 'Close'; run: number; status: 'cancelled' };

export type ActionOf<T extends Action['type']> = Extract<Action, { type: T }>;
