import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf } from '../errors.ts';
import type { Faults } from '../faults.ts';
import { LogShipper, type LogsApi } from '../logs/log-shipper.ts';
import { type AttemptRecord, type JobRecord, requirementsOf } from '../state/job-record.ts';
import { childEnvironment } from './child-environment.ts';
import { Child } from './child-process.ts';
import type { CredentialsServer, OpenGrant } from './credentials-server.ts';
import type { DeathWatch } from './death-watch.ts';
import { type Ending, endingOf, hostLost, neverStarted, type StopCause } from './ending.ts';
import { type Images, repositoryOf } from './images.ts';
import type { MemoryWatch } from './memory-watch.ts';
import { MetadataService } from './metadata-service.ts';

/** What attempts share. */
export interface AttemptServices {
  images: Images;
  region: string;
  awsEndpoint: string;
  scratchRoot: string;
  credentials: CredentialsServer;
  logs: LogsApi;
  memory: MemoryWatch;
  deathWatch: DeathWatch;
  log: (message: string) => void;
  /** Batch's own durations (time-out, 30 s before SIGKILL) pass on it. */
  clock: Clock;
  faults: Faults;
}

export interface Ended extends Ending {
  stoppedAt: number;
}

/** ECS gives a container this long between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 30_000;
/** A reclaimed host shuts down: its processes get SIGTERM and little time. */
const HOST_GRACE_MS = 2_000;
const MIB = 1024 * 1024;
const DEFAULT_LOG_GROUP = '/aws/batch/job';

/** One run of a job's container: prepares its surroundings, runs its process, and says how it ended. */
export class Attempt {
  readonly #services: AttemptServices;
  readonly #job: JobRecord;
  readonly #record: AttemptRecord;
  readonly #metadata: MetadataService;
  readonly #logFile: string;
  readonly #scratch: string;
  readonly #plans: (() => void)[] = [];
  #hostIsReclaimed = false;
  #cause: StopCause | undefined;
  #child: Child | undefined;
  #grant: OpenGrant | undefined;
  #shipper: LogShipper | undefined;

  constructor(services: AttemptServices, job: JobRecord, record: AttemptRecord, host: { spot: boolean }, logFile: string) {
    this.#services = services;
    this.#job = job;
    this.#record = record;
    this.#logFile = logFile;
    // Short, since Unix sockets under TMPDIR must fit 108 characters.
    this.#scratch = join(services.scratchRoot, randomBytes(4).toString('hex'));
    this.#metadata = new MetadataService({ instanceId: record.instanceId, region: services.region, spot: host.spot });
  }

  /** Runs to the end of the main process. `onStarted` is told at once when the process exists. Never throws. */
  async run(onStarted: (startedAt: number, pid: number) => void): Promise<Ended> {
    try {
      const child = await this.#start();
      if (!(child instanceof Child)) return { ...child, stoppedAt: Date.now() };
      onStarted(child.startedAt, child.pid);
      this.#supervise(child);
      const { exitCode, at } = await child.exited;
      return { ...endingOf(exitCode, this.#cause), stoppedAt: at };
    } catch (error) {
      this.#services.log(`Job ${this.#job.jobId} could not be started: ${messageOf(error)}`);
      return { ...neverStarted(`CannotStartContainerError: ${messageOf(error)}`), stoppedAt: Date.now() };
    }
  }

  /** The host goes away with this attempt: it takes no further job. */
  get hostIsReclaimed(): boolean {
    return this.#hostIsReclaimed;
  }

  /** Ends the attempt: SIGTERM, SIGKILL after the grace; the first cause counts. */
  stop(cause: StopCause): void {
    if (this.#cause) return;
    this.#cause = cause;
    if (cause.kind === 'memory') {
      this.#kill();
      return;
    }
    this.#child?.signal('SIGTERM');
    if (cause.kind === 'host') this.#afterReal(HOST_GRACE_MS, () => this.#kill());
    else this.#plans.push(this.#services.clock.after(KILL_AFTER_MS, () => this.#kill()));
  }

  /** EC2 takes the host back: the notice in its metadata now, the end of the host after it. Without notice it is gone at once. */
  reclaimHost(noticeMs: number): void {
    this.#hostIsReclaimed = true;
    const cause = { kind: 'host', instanceId: this.#record.instanceId } as const;
    if (noticeMs === 0) {
      this.#cause ??= cause;
      this.#kill();
      return;
    }
    this.#metadata.raiseSpotNotice(new Date(Date.now() + noticeMs));
    this.#afterReal(noticeMs, () => this.stop(cause));
  }

  /** Somebody kills the whole container, and nobody says why. False when it is not running. */
  killContainer(): boolean {
    if (!this.#child) return false;
    this.#kill();
    return true;
  }

  /** Kills only what the main process started itself. False when there is no such process. */
  killChildren(): boolean {
    return (this.#child?.killChildren() ?? 0) > 0;
  }

  /** Ends the container as the kernel does when its memory is used up. False when it is not running, or being stopped. */
  runOutOfMemory(): boolean {
    if (!this.#child || this.#cause) return false;
    this.stop({ kind: 'memory' });
    return true;
  }

  /** The executor itself ends: the process gets the signal, or is not started any more. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#cause ??= { kind: 'host', instanceId: this.#record.instanceId };
    if (signal === 'SIGKILL') this.#kill();
    else this.#child?.signal(signal);
  }

  /** Takes down all around the ended process; resolves when its log is shipped. */
  async release(): Promise<void> {
    for (const callOff of this.#plans) callOff();
    this.#grant?.close();
    this.#metadata.close();
    if (this.#child) {
      this.#services.memory.forget(this.#child.pid);
      await this.#child.killRemains();
      this.#services.deathWatch.remove(this.#child.pid, this.#job.jobId);
      await this.#child.closed;
    }
    await Promise.all([this.#shipper?.end(), rm(this.#scratch, { recursive: true, force: true })]);
  }

  async #start(): Promise<Child | Ending> {
    const { images, credentials, faults } = this.#services;
    const { container, jobId, jobName } = this.#job;
    const cannotPull = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${container.image}: not found`;
    const planted = faults.startFailureOf(jobName);
    if (planted) return neverStarted(planted.reason ?? cannotPull);
    const image = images[repositoryOf(container.image)];
    if (!image) return neverStarted(cannotPull);
    this.#grant = container.jobRoleArn === undefined ? undefined : credentials.open(container.jobRoleArn, jobId);
    await Promise.all([this.#metadata.listen(), mkdir(this.#scratch)]);
    try {
      await this.#grant?.ready;
    } catch (error) {
      return neverStarted(
        `ECS was unable to assume the role '${container.jobRoleArn}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role. (${messageOf(error)})`,
      );
    }
    if (this.#cause) return this.#stoppedBeforeStart(this.#cause);
    const environment = childEnvironment({
      job: this.#job,
      attempt: this.#record,
      image,
      scratch: this.#scratch,
      region: this.#services.region,
      awsEndpoint: this.#services.awsEndpoint,
      metadataEndpoint: this.#metadata.endpoint,
      credentials: this.#grant,
      overlay: faults.overlayOf(jobName),
    });
    return await this.#spawn(container.command ?? [], environment);
  }

  async #spawn(command: string[], environment: Record<string, string>): Promise<Child | Ending> {
    try {
      return await Child.start(command, environment, this.#scratch, this.#job.jobId);
    } catch (error) {
      const why = codeOf(error) === 'ENOENT' ? 'executable file not found in $PATH' : messageOf(error);
      return {
        ...neverStarted(
          `CannotStartContainerError: Error response from daemon: failed to create task for container: exec: "${command[0] ?? ''}": ${why}`,
        ),
        exitCode: 127,
      };
    }
  }

  #supervise(child: Child): void {
    const { memory, deathWatch, clock, faults } = this.#services;
    this.#child = child;
    deathWatch.add(child.pid, this.#job.jobId);
    this.#shipper = this.#openLog();
    child.onOutput((source, chunk) => this.#shipper?.write(source, chunk));
    memory.watch(child.pid, requirementsOf(this.#job.container).memory * MIB, () => this.stop({ kind: 'memory' }));
    const seconds = faults.timeOutOf(this.#job.jobName) ?? this.#job.timeout?.attemptDurationSeconds;
    if (seconds !== undefined) this.#plans.push(clock.after(seconds * 1000, () => this.stop({ kind: 'timeout' })));
  }

  #openLog(): LogShipper {
    const options = this.#job.container.logConfiguration?.options ?? {};
    const group = options['awslogs-group'] ?? DEFAULT_LOG_GROUP;
    return new LogShipper(
      this.#services.logs,
      {
        group,
        stream: this.#record.logStreamName,
        createGroup: group === DEFAULT_LOG_GROUP || options['awslogs-create-group'] === 'true',
        file: this.#logFile,
      },
      this.#services.log,
    );
  }

  #stoppedBeforeStart(cause: StopCause): Ending {
    if (cause.kind === 'host') return hostLost(cause.instanceId);
    return {
      succeeded: false,
      statusReason: cause.kind === 'terminated' ? cause.reason : 'Task failed to start',
      retriable: false,
    };
  }

  #kill(): void {
    void this.#child?.killRemains();
  }

  #afterReal(ms: number, act: () => void): void {
    const timer = setTimeout(act, ms);
    this.#plans.push(() => clearTimeout(timer));
  }
}
