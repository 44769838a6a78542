import { containerInstanceArn, lastSegment, newEcsId, newInstanceId, type Place } from '../arns.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { type HostRecord, isIdle } from '../state/host-record.ts';
import { type JobRecord, type Requirements, requirementsOf } from '../state/job-record.ts';
import type { ComputeEnvironmentRecord } from '../state/resources.ts';
import type { Store } from '../state/store.ts';

/** How long an idle instance stays when its environment has no scale-down delay: AWS gives no figure, this one is our choice. */
const KEPT_WARM_MINUTES = 5;

export interface HostsDependencies {
  place: Place;
  store: Store;
  clock: Clock;
  log: (message: string) => void;
}

/**
 * The EC2 instances behind the compute environments. Each runs one job at a time and is as large as the job it was launched for;
 * after a job it stays warm for a while, takes the next job of its environment that fits, whosever it is, and leaves otherwise.
 */
export class Hosts {
  readonly #place: Place;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: (message: string) => void;
  readonly #departures = new Map<HostRecord, () => void>();

  constructor({ place, store, clock, log }: HostsDependencies) {
    this.#place = place;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** A host for the job's next attempt: a warm one that is large enough, else a new one. */
  take(job: JobRecord, environment: ComputeEnvironmentRecord): HostRecord {
    const needs = requirementsOf(job.container);
    const host = this.#idleIn(environment).find(({ size }) => holds(size, needs)) ?? this.#launch(environment, needs);
    this.#departures.get(host)?.();
    this.#departures.delete(host);
    host.jobs.push({ jobId: job.jobId, jobName: job.jobName, attempt: job.attempts.length + 1, from: Date.now() });
    this.#save();
    return host;
  }

  /** The job on it has ended; it waits for the next one. */
  keepWarm(host: HostRecord, environment: ComputeEnvironmentRecord): void {
    endJob(host);
    this.#save();
    const minutes = environment.computeResources?.scalingPolicy?.minScaleDownDelayMinutes || KEPT_WARM_MINUTES;
    this.#departures.set(
      host,
      this.#clock.after(minutes * 60_000, () => this.leave(host)),
    );
  }

  leave(host: HostRecord): void {
    this.#departures.get(host)?.();
    this.#departures.delete(host);
    endJob(host);
    host.leftAt = Date.now();
    this.#save();
  }

  /** EC2 wants these environments' idle hosts back. */
  dismissIdle(environment: ComputeEnvironmentRecord): void {
    for (const host of this.#idleIn(environment)) this.leave(host);
  }

  /** After a restart: no host is left. */
  allLost(): void {
    for (const host of this.#store.hosts) if (host.leftAt === undefined) this.leave(host);
  }

  /** vCPUs of the hosts that an environment has now, warm ones included. */
  vcpusOf(environment: ComputeEnvironmentRecord): number {
    return this.#presentIn(environment).reduce((sum, { size }) => sum + size.vcpus, 0);
  }

  #launch(environment: ComputeEnvironmentRecord, size: Requirements): HostRecord {
    this.#makeRoom(environment, size.vcpus);
    const host: HostRecord = {
      instanceId: newInstanceId(),
      containerInstanceArn: containerInstanceArn(this.#place, lastSegment(environment.ecsClusterArn), newEcsId()),
      computeEnvironment: environment.computeEnvironmentName,
      size,
      launchedAt: Date.now(),
      jobs: [],
    };
    this.#store.hosts.push(host);
    return host;
  }

  /** Warm hosts count towards an environment's vCPUs, too; they leave for one that a job needs. */
  #makeRoom(environment: ComputeEnvironmentRecord, vcpus: number): void {
    for (const host of this.#idleIn(environment)) {
      if (this.vcpusOf(environment) + vcpus <= (environment.computeResources?.maxvCpus ?? 0)) return;
      this.leave(host);
    }
  }

  #presentIn({ computeEnvironmentName }: ComputeEnvironmentRecord): HostRecord[] {
    return this.#store.hosts.filter((host) => host.leftAt === undefined && host.computeEnvironment === computeEnvironmentName);
  }

  #idleIn(environment: ComputeEnvironmentRecord): HostRecord[] {
    return this.#presentIn(environment).filter(isIdle);
  }

  #save(): void {
    try {
      this.#store.saveHosts();
    } catch (error) {
      this.#log(`The list of hosts could not be saved: ${messageOf(error)}`);
    }
  }
}

const holds = (size: Requirements, needs: Requirements): boolean =>
  size.vcpus >= needs.vcpus && size.memory >= needs.memory && size.gpus >= needs.gpus;

function endJob(host: HostRecord): void {
  const last = host.jobs.at(-1);
  if (last) last.until ??= Date.now();
}
