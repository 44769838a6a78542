/** Why an attempt was ended from outside; absent when its process ended by itself. */
export type StopCause =
  | { kind: 'terminated'; reason: string }
  | { kind: 'timeout' }
  | { kind: 'memory' }
  | { kind: 'host'; instanceId: string };

/** How an attempt ended, in the words of AWS Batch and ECS. */
export interface Ending {
  succeeded: boolean;
  statusReason: string;
  exitCode?: number;
  reason?: string;
  /** Batch retries neither what a user terminated nor what ran out of time. */
  retriable: boolean;
}

const EXITED = 'Essential container in task exited';

/** A process that ended: by itself, or because it was stopped for `cause`. */
export function endingOf(exitCode: number, cause: StopCause | undefined): Ending {
  switch (cause?.kind) {
    case undefined:
      return { succeeded: exitCode === 0, statusReason: EXITED, exitCode, retriable: true };
    case 'terminated':
      return { succeeded: false, statusReason: cause.reason, exitCode, retriable: false };
    case 'timeout':
      return { succeeded: false, statusReason: 'Job attempt duration exceeded timeout', exitCode, retriable: false };
    case 'memory':
      return {
        succeeded: false,
        statusReason: EXITED,
        reason: 'OutOfMemoryError: Container killed due to memory usage',
        exitCode,
        retriable: true,
      };
    case 'host':
      return hostLost(cause.instanceId);
  }
}

/** The host went away, and with it whatever exit code there was. */
export function hostLost(instanceId: string): Ending {
  return { succeeded: false, statusReason: `Host EC2 (instance ${instanceId}) terminated.`, retriable: true };
}

/** No process ever started: the image, the command or the role was not there. */
export function neverStarted(reason: string): Ending {
  return { succeeded: false, statusReason: reason, reason, retriable: true };
}
