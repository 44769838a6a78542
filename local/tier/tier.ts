import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { synthesise } from './assembly.ts';
import { createUser } from './demo-user.ts';
import { deploy } from './deploy.ts';
import { IMAGES, type ImageMap } from './images.ts';
import { tierFolder } from './paths.ts';
import type { Service } from './service.ts';
import { rememberedOrNew, usable, writeDocument } from './tier-memory.ts';
import { MEMORY, RECORD, type TierMemory, type TierRecord } from './tier-record.ts';
import { REGION, startAws, startBatch, startServices, toolEnvironmentOf } from './tier-services.ts';

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
        const env = toolEnvironmentOf(memory);
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
      writeDocument(folder, RECORD, record);
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
    writeDocument(this.#folder, RECORD, { ...this.record, pids: this.#services.map(({ pid }) => pid) });
  }

  /** Stops the executor and its jobs, then the AWS, which saves its state. */
  async stop(): Promise<void> {
    if (this.#services.length === 0) return;
    for (const service of this.#services.toReversed()) await service.stop();
    this.#services.length = 0;
    rmSync(join(this.#folder, RECORD), { force: true });
    writeDocument(this.#folder, MEMORY, { ...this.memory, cleanStop: true });
  }
}

const required = (outputs: Record<string, string>, name: string): string => {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the stacks have no output ${name}; they have ${Object.keys(outputs).join(', ')}`);
  return value;
};
