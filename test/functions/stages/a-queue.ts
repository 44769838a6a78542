import type { QueueView, WaitingJob } from '../../../functions/stages/queue-view.ts';

export const aWaitingJob = (jobId: string, changes: Partial<WaitingJob> = {}): WaitingJob => ({
  jobId,
  vcpus: 4,
  statusReason: null,
  ...changes,
});

/** A queue with jobs of others in front, and `ours` behind them; empty environment, nothing started within memory. */
export const aQueue = (ahead: number, ours: string, changes: Partial<QueueView> = {}): QueueView => ({
  name: 'gpu-spot',
  front: [...Array.from({ length: ahead }, (_, index) => aWaitingJob(`secret-${index}`)), aWaitingJob(ours)],
  maxVcpus: 16,
  usedVcpus: 0,
  limitSeconds: 600,
  lastStartAt: null,
  ...changes,
});
