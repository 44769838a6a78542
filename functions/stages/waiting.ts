import type { JobView } from './job-view.ts';
import type { QueueView } from './queue-view.ts';

export type RunnableJob = Pick<JobView, 'jobId' | 'statusReason' | 'createdAt'>;

/**
 * What stands in a job's way. `host`: a machine is being started. `turn`: others go first. `maximum`: the environment is full.
 * `capacity`: AWS has no machine. `blocked`: the head of the queue cannot start until something is changed.
 */
export type Wait = { kind: 'host' | 'turn' | 'maximum' | 'capacity' | 'blocked'; reason: string };

/** GetJobQueueSnapshot tells of no more. */
const LONGEST_FRONT = 100;

const ORDINALS = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth', 'Seventh', 'Eighth', 'Ninth', 'Tenth'];
const NUMBERS = ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
/** A place further back is told in steps: the history gets a line with each new sentence. */
const STEPS = [10, 20, 50, 100];

/** How many jobs go before this one; undefined when the queue does not say. */
const aheadOf = ({ jobId }: RunnableJob, { front }: QueueView): number | undefined => {
  const index = front.findIndex((waiting) => waiting.jobId === jobId);
  if (index >= 0) return index;
  return front.length >= LONGEST_FRONT ? front.length : undefined;
};

const placeIn = (name: string, ahead: number | undefined): string =>
  ahead === undefined
    ? `Waiting in ${name}`
    : `${ORDINALS[ahead] ?? `Behind at least ${STEPS.findLast((step) => step <= ahead)} others`} in ${name}`;

/** The jobs ahead in words, where the place does not say it already. */
const jobsAhead = (ahead = 0): string[] => {
  const number = NUMBERS[ahead];
  return number ? [`${number} ${ahead === 1 ? 'job' : 'jobs'} of other experiments ${ahead === 1 ? 'is' : 'are'} ahead`] : [];
};

/** `CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY` of `CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot …`. */
const codeOf = (statusReason: string): string => statusReason.split(' - ', 1)[0] ?? '';

/** Whether the job that has to start first, or this one, does not fit beside what runs: then no machine is even asked for. */
const isFull = ({ jobId }: RunnableJob, { front, maxVcpus, usedVcpus }: QueueView): boolean => {
  const needs = front.filter((waiting, index) => index === 0 || waiting.jobId === jobId).map(({ vcpus }) => vcpus);
  return usedVcpus + Math.max(1, ...needs) > maxVcpus;
};

/**
 * Why a job does not run yet, in a sentence for its owner. It names no other job, for those may be another tenant's, and passes on what
 * Batch says of the head as its code alone, unless the head is this job.
 */
export const whyWaiting = (job: RunnableJob, queue: QueueView): Wait => {
  const ahead = aheadOf(job, queue);
  const place = placeIn(queue.name, ahead);
  const blocked = job.statusReason ?? queue.front[0]?.statusReason;
  if (blocked && codeOf(blocked).startsWith('CAPACITY:'))
    return { kind: 'capacity', reason: `${place}; AWS has no machine for this queue at the moment (${codeOf(blocked)}).` };
  if (job.statusReason) return { kind: 'blocked', reason: `${place}; it cannot start as things are: ${job.statusReason}` };
  if (blocked)
    return { kind: 'blocked', reason: `${place}; the job at its head cannot start as things are (${codeOf(blocked)}).` };
  if (isFull(job, queue)) {
    const maximum = `the environment is at its maximum of ${queue.maxVcpus} vCPUs`;
    return { kind: 'maximum', reason: `${place}; ${[maximum, ...jobsAhead(ahead)].join(', and ')}.` };
  }
  if (!ahead) return { kind: 'host', reason: `${place}; no host is free for it yet.` };
  return { kind: 'turn', reason: `${[place, ...jobsAhead(ahead)].join('; ')}.` };
};

const secondsSince = (at: number, now: Date): number => (now.getTime() - at) / 1000;

/**
 * Batch gives the head up after the queue's limit, if it knows why the head cannot start. Should it not know, we do after twice that time,
 * so that nobody waits for ever.
 */
const limitOf = (job: RunnableJob, queue: QueueView): number | undefined =>
  queue.limitSeconds === null ? undefined : queue.limitSeconds * (aheadOf(job, queue) === 0 ? 2 : 1);

/** Whether the job has waited long enough for the question when its queue last started anything. */
export const hasWaitedLong = (job: RunnableJob, queue: QueueView, now: Date): boolean => {
  const limit = limitOf(job, queue);
  return limit !== undefined && job.createdAt !== null && secondsSince(job.createdAt, now) > limit;
};

/**
 * The reason with which a job is taken out of a queue that gets no machines, so that it is tried on the next rung; undefined while it has to
 * wait. A full environment is a limit of our own, whichever queues fill it, and what is not known for sure is no lack of capacity.
 */
export const capacityUnavailable = (job: RunnableJob, queue: QueueView, now: Date): string | undefined => {
  const { lastStartAt, name, maxVcpus } = queue;
  const limit = limitOf(job, queue);
  if (limit === undefined || lastStartAt === 'unknown' || !hasWaitedLong(job, queue, now) || isFull(job, queue)) return undefined;
  if (lastStartAt !== null && secondsSince(lastStartAt, now) <= limit) return undefined;
  return `Stage.CapacityUnavailable: ${name} started nothing for ${limit} s, although its environment is below its maximum of ${maxVcpus} vCPUs`;
};
