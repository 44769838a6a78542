import * as z from 'zod';
import type { DatasetReport } from '../shared/contracts/dataset-preparation.ts';
import type { DatasetVersionItem } from '../shared/table/dataset-version.ts';

/** How the job ended, as the state machine saw it; `jobId` is null for one that Batch did not take. */
export const preparationJob = z.strictObject({
  jobId: z.string().nullable(),
  status: z.string(),
  reason: z.string().nullable(),
  exitCode: z.int().nullable(),
});
type PreparationJob = z.infer<typeof preparationJob>;

/** What the end of a preparation changes of its item. */
export type PreparationEnd = { status: 'ready' | 'refused' | 'failed' } & Partial<
  Pick<DatasetVersionItem, 'version' | 'rawUri' | 'rawSha256' | 'rowsRead' | 'rowsKept' | 'problem'>
>;

/** What became of a preparation. A report counts whatever became of its job: it is written last. */
export const preparationOutcome = (job: PreparationJob, report: DatasetReport | undefined): PreparationEnd => {
  if (!report) {
    const exit = job.exitCode === null ? '' : ` with exit code ${job.exitCode}`;
    const because = job.reason === null ? '' : `: ${job.reason.replace(/\.$/, '')}`;
    return {
      status: 'failed',
      problem: {
        message: `The job that prepares it ended ${job.status}${exit}${because}. It left no report.`,
        where: job.jobId === null ? null : `Batch job ${job.jobId}`,
        remedy: 'Send it again; should it fail again, the log of the job says more.',
      },
    };
  }
  const { status, version, rawUri, rawSha256, rowsRead, rowsKept, refusal } = report;
  return {
    status,
    rowsRead,
    rowsKept,
    ...(status === 'ready' && version !== null && rawUri !== null && rawSha256 !== null && { version, rawUri, rawSha256 }),
    ...(refusal && { problem: refusal }),
  };
};
