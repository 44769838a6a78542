import type { Requirements } from '../state/job-record.ts';
import type { FairsharePolicy } from '../wire/compute.ts';
import { type Usage, weightedUsage } from './fair-share.ts';
import { someInstanceHolds } from './instance-types.ts';

interface EnvironmentView {
  name: string;
  enabled: boolean;
  maxVcpus: number;
  instanceTypes: readonly string[];
  /** Whether EC2 has a host for it. */
  hasCapacity: boolean;
}

interface QueueView {
  name: string;
  priority: number;
  /** In the order to try. */
  environments: readonly string[];
  fairShare?: FairsharePolicy | undefined;
}

export interface WaitingJob {
  id: string;
  queue: string;
  /** Order of submission. */
  sequence: number;
  needs: Requirements;
  share: string;
  priority: number;
}

interface RunningJob {
  environment: string;
  queue: string;
  vcpus: number;
  share: string;
  startedAt: number;
}

export interface SchedulerInput {
  now: number;
  environments: readonly EnvironmentView[];
  queues: readonly QueueView[];
  waiting: readonly WaitingJob[];
  running: readonly RunningJob[];
  /** Ended jobs' vCPUs by queue, for fair shares. */
  history: readonly (Usage & { queue: string })[];
  /** How many more processes the machine takes. */
  freeSlots: number;
  /** A laptop's cap on the vCPUs in use per environment; a job that asks for more counts as this many. */
  vcpuCap?: number | undefined;
}

export interface Decision {
  starts: { jobId: string; environment: string }[];
  /** Jobs at the head of their queue that no environment can hold, ever or for now, with AWS's `statusReason`. */
  blocked: { jobId: string; statusReason: string }[];
}

/** https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html and its page on capacity. */
export const JOB_RESOURCE_REQUIREMENT =
  'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue.';
export const COMPUTE_ENVIRONMENT_MAX_RESOURCE =
  'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU requirement of the job.';
const insufficientCapacity = (instanceType: string): string =>
  `CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [${instanceType}]`;

/** As many as GetJobQueueSnapshot shows. */
const FRONT_OF_QUEUE_JOBS = 100;

interface Pass {
  used: Map<string, number>;
  usages: (Usage & { queue: string })[];
  waiting: WaitingJob[];
  slots: number;
  /** Environments where a job that goes first waits for room: nobody behind it may take that room. */
  reserved: Set<string>;
  /** Queues whose head cannot start in this pass. */
  stopped: Set<string>;
}

/**
 * Which waiting jobs start now, and where. As on AWS a job at the head of its queue that does not fit holds back the ones
 * behind it; queues go by priority, then by their head's age. The same input always gives the same decision.
 */
export function decide(input: SchedulerInput): Decision {
  const decision: Decision = { starts: [], blocked: [] };
  const pass = begin(input);
  for (let next = nextHead(input, pass); next !== undefined; next = nextHead(input, pass)) {
    const { job, queue } = next;
    const environments = queue.environments.flatMap(
      (name) => input.environments.find((each) => each.name === name && each.enabled) ?? [],
    );
    const reason = impossible(environments, job) ?? withoutCapacity(input, pass, environments, job);
    const place = reason ? undefined : environments.find((environment) => hasRoom(input, pass, environment, job));
    if (place && pass.slots > 0) start(input, pass, decision, job, place);
    else {
      pass.stopped.add(queue.name);
      if (reason) decision.blocked.push({ jobId: job.id, statusReason: reason });
      else for (const { name } of environments) pass.reserved.add(name);
    }
  }
  return decision;
}

/** The jobs of a queue that wait, in the order in which they will start, those after `FRONT_OF_QUEUE_JOBS` left out. */
export function frontOfQueue(input: SchedulerInput, queueName: string): string[] {
  const queue = input.queues.find(({ name }) => name === queueName);
  const pass = begin(input);
  pass.waiting = pass.waiting.filter((job) => job.queue === queueName);
  const front: string[] = [];
  while (queue && front.length < FRONT_OF_QUEUE_JOBS) {
    const job = headOf(queue, pass, input.now);
    if (!job) break;
    front.push(job.id);
    leaveQueue(pass, job, input.now);
  }
  return front;
}

function begin(input: SchedulerInput): Pass {
  const used = new Map<string, number>();
  for (const { environment, vcpus } of input.running) used.set(environment, (used.get(environment) ?? 0) + cost(input, vcpus));
  return {
    used,
    usages: [...input.history, ...input.running],
    waiting: [...input.waiting],
    slots: input.freeSlots,
    reserved: new Set(),
    stopped: new Set(),
  };
}

/** The job that goes first among all queues: highest queue priority, then the oldest head, then the queue's name. */
function nextHead(input: SchedulerInput, pass: Pass): { job: WaitingJob; queue: QueueView } | undefined {
  const heads = input.queues
    .filter((queue) => !pass.stopped.has(queue.name))
    .flatMap((queue) => {
      const job = headOf(queue, pass, input.now);
      return job ? [{ job, queue }] : [];
    });
  heads.sort(
    (a, b) => b.queue.priority - a.queue.priority || a.job.sequence - b.job.sequence || (a.queue.name < b.queue.name ? -1 : 1),
  );
  return heads[0];
}

/** First in, first out; under a fair-share policy the share with the least usage first, inside it the job's own priority. */
function headOf(queue: QueueView, pass: Pass, now: number): WaitingJob | undefined {
  const jobs = pass.waiting.filter((job) => job.queue === queue.name).sort((a, b) => a.sequence - b.sequence);
  const { fairShare } = queue;
  if (!fairShare) return jobs[0];
  const usages = pass.usages.filter((usage) => usage.queue === queue.name);
  const usage = new Map(
    [...new Set(jobs.map((job) => job.share))].map((share) => [share, weightedUsage(fairShare, share, usages, now)]),
  );
  const had = (job: WaitingJob): number => usage.get(job.share) ?? 0;
  const ofShare = (job: WaitingJob): number => jobs.find((other) => other.share === job.share)?.sequence ?? job.sequence;
  return jobs.sort((a, b) => had(a) - had(b) || ofShare(a) - ofShare(b) || b.priority - a.priority || a.sequence - b.sequence)[0];
}

function impossible(environments: readonly EnvironmentView[], { needs }: WaitingJob): string | undefined {
  // Without an enabled environment the job waits for one; that is the operator's doing and no misconfiguration of the job.
  if (environments.length === 0) return undefined;
  const holding = environments.filter(({ instanceTypes }) => someInstanceHolds(instanceTypes, needs));
  if (holding.length === 0) return JOB_RESOURCE_REQUIREMENT;
  return holding.some(({ maxVcpus }) => maxVcpus >= needs.vcpus) ? undefined : COMPUTE_ENVIRONMENT_MAX_RESOURCE;
}

/** All environments that could hold the job have no host to give. One that is full of jobs is asked for none, so it has not refused. */
function withoutCapacity(
  input: SchedulerInput,
  pass: Pass,
  environments: readonly EnvironmentView[],
  { needs }: WaitingJob,
): string | undefined {
  const holding = environments.filter(
    ({ instanceTypes, maxVcpus }) => maxVcpus >= needs.vcpus && someInstanceHolds(instanceTypes, needs),
  );
  const refusing = holding.filter((environment) => !environment.hasCapacity && hasVcpus(input, pass, environment, needs.vcpus));
  if (refusing.length === 0 || holding.some(({ hasCapacity }) => hasCapacity)) return undefined;
  return insufficientCapacity(refusing[0]?.instanceTypes[0] ?? '');
}

const cost = (input: SchedulerInput, vcpus: number): number => Math.min(vcpus, input.vcpuCap ?? vcpus);

function hasRoom(input: SchedulerInput, pass: Pass, environment: EnvironmentView, { needs }: WaitingJob): boolean {
  if (!environment.hasCapacity || pass.reserved.has(environment.name) || needs.vcpus > environment.maxVcpus) return false;
  return someInstanceHolds(environment.instanceTypes, needs) && hasVcpus(input, pass, environment, needs.vcpus);
}

function hasVcpus(input: SchedulerInput, pass: Pass, { name, maxVcpus }: EnvironmentView, vcpus: number): boolean {
  const limit = Math.min(maxVcpus, input.vcpuCap ?? maxVcpus);
  return (pass.used.get(name) ?? 0) + cost(input, vcpus) <= limit;
}

function start(input: SchedulerInput, pass: Pass, decision: Decision, job: WaitingJob, { name }: EnvironmentView): void {
  decision.starts.push({ jobId: job.id, environment: name });
  pass.used.set(name, (pass.used.get(name) ?? 0) + cost(input, job.needs.vcpus));
  leaveQueue(pass, job, input.now);
  pass.slots -= 1;
}

function leaveQueue(pass: Pass, job: WaitingJob, now: number): void {
  pass.usages.push({ queue: job.queue, share: job.share, vcpus: job.needs.vcpus, startedAt: now });
  pass.waiting = pass.waiting.filter((other) => other !== job);
}
