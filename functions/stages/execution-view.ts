import { parseExecutionName } from './execution-name.ts';

export const EXECUTION_STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT', 'PENDING_REDRIVE'] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** A run's execution as Step Functions shows it. `absent`: asked, and there is none. `unknown`: nobody asked. */
export type ExecutionView =
  | { state: 'unknown' }
  | { state: 'absent' }
  | { state: 'seen'; status: ExecutionStatus; error: string | null; cause: string | null };

export const UNKNOWN_EXECUTION: ExecutionView = { state: 'unknown' };

/** `detail` of a Step Functions Execution Status Change event. */
export type ExecutionEventDetail = {
  name?: string;
  status?: string;
  error?: string | null;
  cause?: string | null;
};

type Described = { status?: string | undefined; error?: string | null | undefined; cause?: string | null | undefined };

/** What DescribeExecution or the event says; `unknown` for a status that is not in the documentation. */
export const viewOfExecution = ({ status, error, cause }: Described): ExecutionView => {
  const known = EXECUTION_STATUSES.find((candidate) => candidate === status);
  return known ? { state: 'seen', status: known, error: error ?? null, cause: cause ?? null } : UNKNOWN_EXECUTION;
};

/** Which run of which experiment an event tells of; undefined for an execution that is not ours. */
export const runOfEvent = (detail: ExecutionEventDetail) => parseExecutionName(detail.name ?? '');
