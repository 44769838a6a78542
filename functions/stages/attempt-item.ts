import { STAGES } from '../shared/contracts/names.ts';
import type { AttemptItem } from '../shared/table/attempt.ts';
import type { ActionOf } from './actions.ts';
import { accountOf } from './stage-failure.ts';

const instant = (at: number | null): string | undefined => (at === null ? undefined : new Date(at).toISOString());

/** Without the values that are undefined, whose types may then forget them. */
const defined = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

/** What is stored of an attempt as Batch shows it now. */
export const attemptItemOf = ({ job, error, rung, microBatchDivisor }: ActionOf<'WriteAttempt'>): AttemptItem => {
  const { at, jobId, queue, status, exitCode } = job;
  return defined<AttemptItem>({
    experimentId: at.experimentId,
    run: at.run,
    stageIndex: STAGES.indexOf(at.stage),
    attempt: at.attempt,
    stage: at.stage,
    jobId,
    queue,
    status,
    createdAt: instant(job.createdAt),
    startedAt: instant(job.startedAt),
    stoppedAt: instant(job.stoppedAt),
    exitCode: exitCode ?? undefined,
    reason: accountOf(job) || undefined,
    error: error ?? undefined,
    rung,
    microBatchDivisor,
  });
};
