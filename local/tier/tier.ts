import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesise } from './assembly.ts';
import { createUser } from './demo-user.ts';
import { deploy } from './deploy.ts';
import { IMAGES, type ImageMap } from './images.ts';
import { ROOT, tierFolder } from './paths.ts';
import { choosePort } from './ports.ts';
import { type Service, startService } from './service.ts';
import { MEMORY, RECORD, readMemory, type TierMemory, type TierRecord } from './tier-record.ts';

export const REGION = 'us-east-1';
const DEMO_USER = { username: 'demo', tenant: 'demo' };

export type TierOptions = {
  name: string;
  port?: number | undefined;
  images?: ImageMap;
  /** A JSON file of deployment configuration instead of the defaults. */
  configuration?: string;
  /** That run at a time; without it as many as the executor thinks right for a laptop. */
  jobs?: number;
  says?: (what: string) => void;
  signal?: AbortSignal;
};

/** The laptop's deployment: an AWS on loopback, a Batch that runs jobs as processes, and the product's stacks deployed on them. */
export class Tier {
  readonly record: TierRecord;
  readonly memory: TierMemory;
  readonly outputs: Record<string, string>;
  readonly #folder: string;
  readonly #services: Service[];
  readonly #jobs: number | undefined;

  private constructor(folder: string, record: TierRecord, memory: TierMemory, services: Service[], jobs: number | undefined) {
    this.#folder = folder;
    this.#jobs = jobs;
    this.record = record;
    this.memory = memory;
    this.outputs = memory.deployed?.outputs ?? {};
    this.#services = services;
  }

  /** Starts both services, deploys when the assembly is not the one deployed last, and makes sure that the demo's user exists. */
  static async start({ name, port, images = IMAGES, configuration, jobs, says = () => {}, signal }: TierOptions): Promise<Tier> {
    const folder = tierFolder(name);
    mkdirSync(folder, { recursive: true });
    const assembling = configuration === undefined ? synthesise() : synthesise({ home: folder, configuration });
    assembling.catch(() => {}); // awaited below; until then a failure must not end the process
    const memory = usable(folder, await rememberedOrNew(folder, port));
    const services: Service[] = [];
    try {
      says('starting');
      const endpoints = await startServices(folder, memory, images, jobs, services);
      const assembly = await assembling;
      const credentials = { accessKeyId: memory.rootAccessKeyId, secretAccessKey: memory.rootSecretAccessKey };
      if (memory.deployed?.assembly !== assembly.hash) {
        says('deploying the CDK assembly');
        const env = { ...toolEnvironment(), ...awsEnvironment(endpoints.emulator, memory) };
        const outputs = await deploy({ assembly, env, region: REGION, folder, bootstrapped: memory.deployed !== null, signal });
        memory.deployed = { assembly: assembly.hash, outputs };
        const pool = { endpoint: endpoints.emulator, region: REGION, userPoolId: required(outputs, 'UserPoolId'), credentials };
        await createUser(pool, { ...DEMO_USER, password: memory.password });
      }
      const record: TierRecord = {
        endpoint: endpoints.emulator,
        executorEndpoint: endpoints.executor,
        // Where the local AWS serves an HTTP API; the stack's own ApiUrl is the address that it would have on AWS.
        apiUrl: `${endpoints.emulator}/_aws/execute-api/${required(memory.deployed.outputs, 'ApiId')}/$default`,
        region: REGION,
        userPoolClientId: required(memory.deployed.outputs, 'UserPoolClientId'),
        username: DEMO_USER.username,
        password: memory.password,
        keeperPid: process.pid,
        pids: services.map(({ pid }) => pid),
      };
      write(folder, RECORD, record);
      return new Tier(folder, record, memory, services, jobs);
    } catch (error) {
      for (const service of services.toReversed()) await service.stop();
      throw error;
    }
  }

  /** Resolves when one of the services ended by itself, which it should not. */
  ended(): Promise<void> {
    return Promise.race(this.#services.map(({ exited }) => exited));
  }

  /** What an update or a reboot does: the Batch executor, or everything, goes down cleanly and comes up over the state it kept. */
  async restart(what: 'batch' | 'everything'): Promise<void> {
    const [aws, batch] = this.#services;
    if (!aws || !batch) throw new Error('the tier does not run');
    await batch.stop();
    if (what === 'everything') await aws.stop();
    this.#services.length = 0;
    this.#services.push(what === 'everything' ? await startAws(this.#folder, this.memory) : aws);
    this.#services.push(await startBatch(this.#folder, this.memory, this.#jobs));
    write(this.#folder, RECORD, { ...this.record, pids: this.#services.map(({ pid }) => pid) });
  }

  /** Stops the executor and its jobs, then the AWS, which saves its state. */
  async stop(): Promise<void> {
    if (this.#services.length === 0) return;
    for (const service of this.#services.toReversed()) await service.stop();
    this.#services.length = 0;
    rmSync(join(this.#folder, RECORD), { force: true });
    write(this.#folder, MEMORY, { ...this.memory, cleanStop: true });
  }
}

const write = (folder: string, file: string, content: TierRecord | TierMemory): void =>
  writeFileSync(join(folder, file), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });

const required = (outputs: Record<string, string>, name: string): string => {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the stacks have no output ${name}; they have ${Object.keys(outputs).join(', ')}`);
  return value;
};

const rememberedOrNew = async (folder: string, port: number | undefined): Promise<TierMemory> => {
  const last = readMemory(folder);
  const emulatorPort = await choosePort(port, last?.emulatorPort);
  const executorPort = await choosePort(undefined, last?.executorPort);
  const fresh = {
    rootAccessKeyId: `AKIA${randomBytes(10).toString('hex').slice(0, 16).toUpperCase()}`,
    rootSecretAccessKey: randomBytes(30).toString('base64url'),
    password: `Demo-${randomBytes(12).toString('base64url')}-1`,
    deployed: null,
    cleanStop: true,
  };
  // Endpoints are part of what is deployed (token issuer, API address): another port means another deployment.
  const moved = last !== undefined && (last.emulatorPort !== emulatorPort || last.executorPort !== executorPort);
  return { ...fresh, ...(moved ? {} : last), emulatorPort, executorPort };
};

/** State is saved by a clean stop only; after anything else the tier starts from nothing. */
const usable = (folder: string, memory: TierMemory): TierMemory => {
  const kept = memory.cleanStop && memory.deployed !== null;
  if (!kept) for (const part of ['aws', 'batch']) rmSync(join(folder, part), { recursive: true, force: true });
  const current = { ...memory, deployed: kept ? memory.deployed : null };
  write(folder, MEMORY, { ...current, cleanStop: false });
  return current;
};

/** What any tool of ours needs of the user's environment; nothing of the user's AWS settings reaches the tier. */
const toolEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  ...(process.env.TMPDIR === undefined ? {} : { TMPDIR: process.env.TMPDIR }),
});

const awsEnvironment = (endpoint: string, memory: TierMemory): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ACCESS_KEY_ID: memory.rootAccessKeyId,
  AWS_SECRET_ACCESS_KEY: memory.rootSecretAccessKey,
});

type Endpoints = { emulator: string; executor: string };

const endpointsOf = ({ emulatorPort, executorPort }: TierMemory): Endpoints => ({
  emulator: `http://127.0.0.1:${emulatorPort}`,
  executor: `http://127.0.0.1:${executorPort}`,
});

const startAws = (folder: string, memory: TierMemory): Promise<Service> => {
  const argv = [
    '--port',
    `${memory.emulatorPort}`,
    '--state',
    join(folder, 'aws'),
    '--batch-endpoint',
    endpointsOf(memory).executor,
  ];
  return startService({
    name: 'The local AWS',
    argv: [join(ROOT, '.venv/bin/python'), '-m', 'spotforge_emulator', ...argv],
    env: {
      ...toolEnvironment(),
      PYTHONPATH: join(ROOT, 'local/emulator'),
      SPOTFORGE_ROOT_ACCESS_KEY_ID: memory.rootAccessKeyId,
      SPOTFORGE_ROOT_SECRET_ACCESS_KEY: memory.rootSecretAccessKey,
    },
    cwd: folder,
    log: join(folder, 'aws.log'),
  });
};

const startBatch = (folder: string, memory: TierMemory, jobs: number | undefined): Promise<Service> => {
  const { emulator } = endpointsOf(memory);
  const images = join(folder, 'images.json');
  const argv = [
    '--port',
    `${memory.executorPort}`,
    '--state',
    join(folder, 'batch'),
    '--aws-endpoint',
    emulator,
    '--images',
    images,
    ...(jobs === undefined ? [] : ['--max-concurrent-jobs', `${jobs}`]),
  ];
  return startService({
    name: 'The local Batch',
    argv: [process.execPath, join(ROOT, 'local/batch/main.ts'), ...argv],
    env: { ...toolEnvironment(), ...awsEnvironment(emulator, memory) },
    cwd: folder,
    log: join(folder, 'batch.log'),
  });
};

/** Both, the AWS first; each is in `services` as soon as it runs. */
const startServices = async (
  folder: string,
  memory: TierMemory,
  images: ImageMap,
  jobs: number | undefined,
  services: Service[],
): Promise<Endpoints> => {
  for (const part of ['aws', 'batch']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'images.json'), JSON.stringify(images));
  services.push(await startAws(folder, memory));
  services.push(await startBatch(folder, memory, jobs));
  return endpointsOf(memory);
};
