import type { Server } from 'node:http';
import { CredentialsServer } from './attempts/credentials-server.ts';
import { DeathWatch } from './attempts/death-watch.ts';
import type { Images } from './attempts/images.ts';
import { listenOnLoopback } from './attempts/loopback.ts';
import { MemoryWatch } from './attempts/memory-watch.ts';
import type { Aws } from './aws.ts';
import { codeOf, messageOf, StartupError } from './errors.ts';
import { EventEmitter } from './events/event-emitter.ts';
import { Faults } from './faults.ts';
import { JobLife } from './jobs/job-life.ts';
import { Jobs } from './jobs/jobs.ts';
import type { Options } from './options.ts';
import { createBatchServer } from './server.ts';
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
  const emitter = new EventEmitter(aws.putEvent, faults, log);
  const credentials = new CredentialsServer(aws.assumeRole);
  const deathWatch = new DeathWatch();
  const { region, awsEndpoint, timeScale, maxConcurrentJobs, vcpuCap } = options;
  const jobs = new Jobs({
    place,
    store,
    life: new JobLife(store, emitter, log),
    limits: { maxConcurrentJobs, vcpuCap },
    attempts: {
      images,
      region,
      awsEndpoint,
      timeScale,
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
  const server = createBatchServer({ place, store, jobs, resourcesChanged }, { store, jobs, faults }, log);
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await jobs.close(JOB_GRACE_MS);
    await emitter.drain(LAST_EVENTS_MS);
    credentials.close();
    deathWatch.close();
    aws.close();
  };
  try {
    const endpoint = await listen(server, options.port);
    await credentials.listen();
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
