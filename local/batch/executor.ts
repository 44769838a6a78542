import type { Server } from 'node:http';
import { CredentialsServer } from './attempts/credentials-server.ts';
import { DeathWatch } from './attempts/death-watch.ts';
import type { Images } from './attempts/images.ts';
import { listenOnLoopback } from './attempts/loopback.ts';
import { MemoryWatch } from './attempts/memory-watch.ts';
import type { Aws } from './aws.ts';
import { Clock } from './clock.ts';
import { codeOf, messageOf, StartupError } from './errors.ts';
import { EventEmitter } from './events/event-emitter.ts';
import { Faults } from './faults.ts';
import { Hosts } from './jobs/hosts.ts';
import { JobLife } from './jobs/job-life.ts';
import { Jobs } from './jobs/jobs.ts';
import type { Options } from './options.ts';
import { createBatchServer } from './server.ts';
import type { JobRecord } from './state/job-record.ts';
import { Store } from './state/store.ts';

/** SIGTERM to the jobs, then this long, then SIGKILL. With the waits below it stays under the 10 s a stop may take. */
const JOB_GRACE_MS = 3_000;
const LAST_EVENTS_MS = 1_000;

export interface Executor {
  endpoint: string;
  close(): Promise<void>;
}

/** Puts the parts together, takes up the stored jobs, and listens. */
export async function startExecutor(
  options: Options,
  aws: Aws,
  images: Images,
  log: (message: string) => void,
): Promise<Executor> {
  const store = new Store(options.state);
  const place = { account: options.account, region: options.region };
  const faults = new Faults();
  const clock = new Clock(options.timeScale);
  const save = (job: JobRecord): void => {
    try {
      store.saveJob(job);
    } catch (error) {
      // The job goes on; only a restart before its next change would show an older state.
      log(`The state of job ${job.jobId} could not be saved: ${messageOf(error)}`);
    }
  };
  const emitter = new EventEmitter({ put: aws.putEvent, faults, clock, save, log });
  const credentials = new CredentialsServer(aws.assumeRole);
  const deathWatch = new DeathWatch();
  const hosts = new Hosts({ place, store, clock, log });
  const { region, awsEndpoint, maxConcurrentJobs, vcpuCap } = options;
  const jobs = new Jobs({
    place,
    store,
    life: new JobLife(save, emitter),
    hosts,
    limits: { maxConcurrentJobs, vcpuCap },
    attempts: {
      images,
      region,
      awsEndpoint,
      clock,
      faults,
      scratchRoot: store.scratchRoot,
      credentials,
      logs: aws.logs,
      memory: new MemoryWatch(log),
      deathWatch,
      log,
    },
  });
  const resourcesChanged = () => {
    store.saveResources();
    jobs.schedule();
  };
  const services = { place, store, jobs, hosts, resourcesChanged };
  const server = createBatchServer(services, { store, jobs, faults, clock, emitter }, log);
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await jobs.close(JOB_GRACE_MS);
    await emitter.drain(LAST_EVENTS_MS);
    clock.close();
    credentials.close();
    deathWatch.close();
    aws.close();
  };
  try {
    const endpoint = await listen(server, options.port);
    await credentials.listen();
    emitter.resume(store.jobs.values());
    await jobs.recover();
    return { endpoint, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(server: Server, port: number): Promise<string> {
  try {
    return await listenOnLoopback(server, port);
  } catch (error) {
    const why = codeOf(error) === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${messageOf(error)})`;
    throw new StartupError(`Port ${port} ${why}. Choose another one with --port.`);
  }
}
