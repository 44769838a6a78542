import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, messageOf, StartupError } from '../errors.ts';
import { readJson, writeAtomically } from './atomic-file.ts';
import type { HostRecord } from './host-record.ts';
import { hasEnded, type JobRecord } from './job-record.ts';
import { noResources, type Resources } from './resources.ts';

/** As long as AWS still describes an ended job; hosts that left are remembered as long. */
const ENDED_KEPT_MS = 7 * 24 * 3600 * 1000;

/**
 * The executor's state: all of it in memory, each change on disk before anybody hears of it. Resources lie in one file, each job
 * in one of its own, so that a change costs one small write.
 */
export class Store {
  readonly directory: string;
  readonly resources: Resources;
  readonly jobs = new Map<string, JobRecord>();
  /** In the order of their launch. */
  readonly hosts: HostRecord[] = [];
  #sequence = 0;

  constructor(directory: string, now = Date.now()) {
    this.directory = directory;
    try {
      makeDirectory(join(directory, 'jobs'));
      rmSync(this.scratchRoot, { recursive: true, force: true });
      mkdirSync(this.scratchRoot, { recursive: true });
      this.resources = { ...noResources(), ...(readJson(this.#resourcesFile) as Partial<Resources> | undefined) };
      this.#loadJobs(now);
      const hosts = (readJson(this.#hostsFile) ?? []) as HostRecord[];
      this.hosts.push(...hosts.filter(({ leftAt }) => leftAt === undefined || leftAt >= now - ENDED_KEPT_MS));
      this.saveResources();
    } catch (error) {
      throw new StartupError(
        `The state directory ${directory} cannot be used (${codeOf(error)}): ${messageOf(error)}. Choose another one with --state.`,
      );
    }
  }

  get scratchRoot(): string {
    return join(this.directory, 'tmp');
  }

  get #resourcesFile(): string {
    return join(this.directory, 'resources.json');
  }

  get #hostsFile(): string {
    return join(this.directory, 'hosts.json');
  }

  jobDirectory(jobId: string): string {
    return join(this.directory, 'jobs', jobId);
  }

  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  addJob(job: JobRecord): void {
    mkdirSync(this.jobDirectory(job.jobId), { recursive: true });
    this.saveJob(job);
    this.jobs.set(job.jobId, job);
  }

  saveJob(job: JobRecord): void {
    writeAtomically(join(this.jobDirectory(job.jobId), 'job.json'), job);
  }

  saveResources(): void {
    writeAtomically(this.#resourcesFile, this.resources);
  }

  saveHosts(): void {
    writeAtomically(this.#hostsFile, this.hosts);
  }

  #loadJobs(now: number): void {
    for (const id of readdirSync(join(this.directory, 'jobs'))) {
      const job = readJson(join(this.jobDirectory(id), 'job.json')) as JobRecord | undefined;
      const outdated = job === undefined || (hasEnded(job) && (job.stoppedAt ?? job.createdAt) < now - ENDED_KEPT_MS);
      if (outdated) rmSync(this.jobDirectory(id), { recursive: true, force: true });
      else this.jobs.set(id, job);
    }
    const inOrder = [...this.jobs.values()].sort((a, b) => a.sequence - b.sequence);
    this.jobs.clear();
    for (const job of inOrder) this.jobs.set(job.jobId, job);
    this.#sequence = inOrder.at(-1)?.sequence ?? 0;
  }
}

/** Node's recursive mkdir never returns for a directory that the kernel refuses to make, below /proc for example. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}
