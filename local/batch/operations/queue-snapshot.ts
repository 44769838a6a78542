import type { GetJobQueueSnapshotResponse } from '@aws-sdk/client-batch';
import { vcpuUsage } from '../jobs/job-view.ts';
import { isOnHost, type JobRecord, requirementsOf } from '../state/job-record.ts';
import type { JobQueueRecord } from '../state/resources.ts';
import type { Services } from './operation.ts';

/** AWS lists the shares with the most vCPUs, this many. */
const TOP_SHARES = 20;

/** What stands in front of a queue, and what its running jobs use: all in vCPUs that jobs asked for. */
export function queueSnapshot({ store, jobs }: Services, queue: JobQueueRecord) {
  const { places, updatedAt } = jobs.frontOf(queue.jobQueueArn);
  const running = [...store.jobs.values()].filter((job) => job.jobQueue === queue.jobQueueArn && isOnHost(job));
  return {
    frontOfQueue: {
      jobs: places.flatMap(({ jobId, since }) => {
        const jobArn = store.jobs.get(jobId)?.jobArn;
        return jobArn ? [{ jobArn, earliestTimeAtPosition: since }] : [];
      }),
      lastUpdatedAt: updatedAt,
    },
    queueUtilization: {
      totalCapacityUsage: vcpuUsage(vcpusOf(running)),
      ...(queue.schedulingPolicyArn && { fairshareUtilization: fairshareUtilization(running) }),
      lastUpdatedAt: updatedAt,
    },
  } satisfies GetJobQueueSnapshotResponse;
}

const vcpusOf = (jobs: readonly JobRecord[]): number => jobs.reduce((sum, job) => sum + requirementsOf(job.container).vcpus, 0);

function fairshareUtilization(running: readonly JobRecord[]) {
  const shares = [...Map.groupBy(running, ({ shareIdentifier = '' }) => shareIdentifier)]
    .map(([shareIdentifier, jobs]) => ({ shareIdentifier, vcpus: vcpusOf(jobs) }))
    .sort((a, b) => b.vcpus - a.vcpus);
  return {
    activeShareCount: shares.length,
    topCapacityUtilization: shares
      .slice(0, TOP_SHARES)
      .map(({ shareIdentifier, vcpus }) => ({ shareIdentifier, capacityUsage: vcpuUsage(vcpus) })),
  };
}
