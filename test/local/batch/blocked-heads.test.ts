import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../../local/batch/clock.ts';
import { BlockedHeads } from '../../../local/batch/jobs/blocked-heads.ts';
import type { JobRecord } from '../../../local/batch/state/job-record.ts';
import type { JobQueueRecord } from '../../../local/batch/state/resources.ts';

const CAPACITY = 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY';
const job = { jobId: 'j' } as JobRecord;
const queue = {
  jobStateTimeLimitActions: [{ reason: CAPACITY, state: 'RUNNABLE', maxTimeSeconds: 600, action: 'CANCEL' }],
} as JobQueueRecord;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Tells of the head every five minutes, and answers after how many seconds it was cancelled. */
function cancelledAfter(reasons: (string | undefined)[]): number | undefined {
  let cancelledAt: number | undefined;
  const began = Date.now();
  const heads = new BlockedHeads(new Clock(1), () => {
    cancelledAt ??= (Date.now() - began) / 1000;
  });
  for (const statusReason of reasons) {
    heads.update(statusReason === undefined ? [] : [{ job, queue, statusReason }]);
    vi.advanceTimersByTime(300_000);
  }
  return cancelledAt;
}

describe('the time limit of a blocked head', () => {
  it('counts from when it began to block, however often the scheduler looks', () => {
    expect(cancelledAfter([`${CAPACITY} - for c6i`, `${CAPACITY} - for m6i`, `${CAPACITY} - for c6i`])).toBeCloseTo(600, 0);
  });

  it('counts anew when the job stopped blocking, or blocks for another cause', () => {
    for (const pause of [undefined, 'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too large']) {
      expect(cancelledAfter([CAPACITY, pause, CAPACITY, CAPACITY, CAPACITY])).toBeCloseTo(1200, 0);
    }
  });
});
